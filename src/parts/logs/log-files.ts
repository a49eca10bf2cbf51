import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
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

/**
 * Opens the files of a log, oldest first: `path.N`(`.gz`) … `path.1`, `path`. They are opened newest first, so that a
 * rotation meanwhile can show a file twice (left out then) and never hides one.
 *
 * @param after only what is newer than this one
 */
export async function openLogFiles(path: string, after?: OpenLog): Promise<OpenLog[]> {
  const files: OpenLog[] = [];
  const seen = new Set<string>();
  for (const name of [path, ...(await rotatedNames(path))]) {
    const file = await openLog(name);
    if (!file) continue;
    if (seen.has(file.identity) || file.identity === after?.identity) await file[Symbol.asyncDispose]();
    else files.unshift(file);
    if (file.identity === after?.identity) return files;
    seen.add(file.identity);
  }
  return after ? await newerThan(after, files) : files;
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
export async function identityAt(path: string): Promise<string | undefined> {
  try {
    return identityOf(await stat(path, { bigint: true }));
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function rotatedNames(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => [] as string[]);
  const numbers = new Set<number>();
  for (const name of names) {
    const number = name.startsWith(prefix) ? /^(\d+)(?:\.gz)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (number !== undefined) numbers.add(Number(number));
  }
  // One more than there were: a rotation may just make it.
  numbers.add(Math.max(0, ...numbers) + 1);
  return [...numbers].sort((a, b) => a - b).flatMap((number) => [`${path}.${number}`, `${path}.${number}.gz`]);
}

async function openLog(name: string): Promise<OpenLog | undefined> {
  let file: FileHandle;
  try {
    file = await open(name, 'r');
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
  const before = await file.stat({ bigint: true });
  const identity = identityOf(before);
  if (name.endsWith('.gz')) {
    const source = await unpacked(file);
    return { identity, source, modifiedNs: () => Promise.resolve(before.mtimeNs), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const modifiedNs = async (): Promise<bigint> => (await file.stat({ bigint: true })).mtimeNs;
  return { identity, source: fileSource(file), modifiedNs, [Symbol.asyncDispose]: () => file.close() };
}

async function unpacked(file: FileHandle): Promise<LogSource> {
  const packed = await readFile(file);
  await file.close();
  return memorySource(await unzip(packed, { maxOutputLength: UNPACKED_LIMIT_BYTES }).catch(() => Buffer.alloc(0)));
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}
