import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { codeOf } from '#base/errors.ts';
import { fileSource, memorySource, type LogSource } from './log-reader.ts';

const unzip = promisify(gunzip);

/** What a rotated file may unpack to, so that a crafted one cannot take all memory. */
const UNPACKED_LIMIT_BYTES = 512 * 1024 * 1024;

/** One file of a log, open: renaming or unlinking it does not matter any more. */
export interface OpenLog extends AsyncDisposable {
  /** Device and inode: the file's identity through renames. */
  readonly identity: string;
  readonly source: LogSource;
  /** The last write, in nanoseconds since 1970. */
  modifiedNs(): Promise<bigint>;
}

/** So often a listing is begun anew when rotations overtake it. */
const LISTINGS = 200;

/**
 * Opens the files of a log, oldest first: `path.N`(`.gz`) … `path.1`, `path`. The files are moved while they are listed:
 * newest first, one rotation meanwhile can show a file twice (left out then) and hides none. More than one would, so
 * that a listing counts only when the newest file is still the newest behind it.
 *
 * @param after only what is newer than this one
 */
export async function openLogFiles(path: string, after?: OpenLog): Promise<OpenLog[]> {
  for (let listing = 1; ; listing++) {
    const { files, complete, steady } = listFiles(path, after?.identity);
    if (steady || listing === LISTINGS) {
      const opened = await Promise.all(files.map(toOpenLog));
      return after && !complete ? await newerThan(after, opened) : opened;
    }
    for (const { fd } of files) closeSync(fd);
  }
}

interface Found {
  readonly name: string;
  readonly fd: number;
  readonly identity: string;
  readonly mtimeNs: bigint;
}

/** One synchronous moment: the shim has no time to rotate often meanwhile. `complete`: it ended at the file `after`. */
function listFiles(path: string, after: string | undefined): { files: Found[]; complete: boolean; steady: boolean } {
  const files: Found[] = [];
  const seen = new Set<string>();
  const newest = identityNow(path);
  let complete = false;
  for (const name of [path, ...rotatedNames(path)]) {
    const file = find(name);
    if (!file) continue;
    if (seen.has(file.identity) || file.identity === after) closeSync(file.fd);
    else files.unshift(file);
    seen.add(file.identity);
    complete = file.identity === after;
    if (complete) break;
  }
  // without a newest file a rotation is just under way, or there is no log at all
  return { files, complete, steady: newest === identityNow(path) && (newest !== undefined || files.length === 0) };
}

// The file before is gone: it fell off the end, or somebody removed it. What was written to since then is newer.
async function newerThan(after: OpenLog, files: readonly OpenLog[]): Promise<OpenLog[]> {
  const since = await after.modifiedNs();
  const newer: OpenLog[] = [];
  for (const file of files) {
    if ((await file.modifiedNs()) >= since) newer.push(file);
    else await file[Symbol.asyncDispose]();
  }
  return newer;
}

/** Which file stands at the path now; undefined in the moment between a rotation's rename and the new file. */
export function identityNow(path: string): string | undefined {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  return facts && identityOf(facts);
}

function rotatedNames(path: string): string[] {
  const prefix = `${basename(path)}.`;
  const numbers = new Set<number>();
  for (const name of namesIn(dirname(path))) {
    const number = name.startsWith(prefix) ? /^(\d+)(?:\.gz)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (number !== undefined) numbers.add(Number(number));
  }
  // One more than there were: a rotation may just make it.
  numbers.add(Math.max(0, ...numbers) + 1);
  return [...numbers].sort((a, b) => a - b).flatMap((number) => [`${path}.${number}`, `${path}.${number}.gz`]);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

function find(name: string): Found | undefined {
  let fd: number;
  try {
    fd = openSync(name, 'r');
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
  const facts = fstatSync(fd, { bigint: true });
  return { name, fd, identity: identityOf(facts), mtimeNs: facts.mtimeNs };
}

async function toOpenLog({ name, fd, identity, mtimeNs }: Found): Promise<OpenLog> {
  if (name.endsWith('.gz')) {
    const source = await unpacked(fd);
    return { identity, source, modifiedNs: () => Promise.resolve(mtimeNs), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  return {
    identity,
    source: fileSource(fd),
    modifiedNs: async () => fstatSync(fd, { bigint: true }).mtimeNs,
    [Symbol.asyncDispose]: async () => closeSync(fd),
  };
}

async function unpacked(fd: number): Promise<LogSource> {
  const packed = readFileSync(fd);
  closeSync(fd);
  return memorySource(await unzip(packed, { maxOutputLength: UNPACKED_LIMIT_BYTES }).catch(() => Buffer.alloc(0)));
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}
