import { createReadStream, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';

type HeaderFields = Partial<Header> & Pick<Header, 'name'>;

/** Files of this machine as a tar archive in which `path` is called `name`. */
export function packLocal(path: string, name: string): AsyncIterable<Uint8Array> {
  const archive = pack();
  const links = new Map<string, string>();
  void add(archive, { path, name, links }).then(
    () => archive.finalize(),
    (thrown: unknown) => archive.destroy(thrown as Error),
  );
  return archive as AsyncIterable<Uint8Array>;
}

interface Addition {
  readonly path: string;
  readonly name: string;
  /** Where the first of several hard links stands. */
  readonly links: Map<string, string>;
}

async function add(archive: Pack, { path, name, links }: Addition): Promise<void> {
  const facts = lstatSync(path);
  const header: HeaderFields = { name, mode: facts.mode & 0o7777, uid: facts.uid, gid: facts.gid, mtime: facts.mtime };
  if (facts.isDirectory()) {
    put(archive, { ...header, name: `${name}/`, type: 'directory' });
    for (const child of readdirSync(path).sort()) await add(archive, { path: join(path, child), name: `${name}/${child}`, links });
  } else if (facts.isSymbolicLink()) put(archive, { ...header, type: 'symlink', linkname: readlinkSync(path) });
  else if (facts.isFile()) await addFile(archive, header, { path, name, links }, facts);
  else if (facts.isFIFO()) put(archive, { ...header, type: 'fifo' });
  else if (facts.isCharacterDevice() || facts.isBlockDevice()) {
    put(archive, { ...header, type: facts.isBlockDevice() ? 'block-device' : 'character-device', ...deviceOf(facts) });
  } // a socket cannot be copied
}

async function addFile(archive: Pack, header: HeaderFields, { path, name, links }: Addition, facts: Stats): Promise<void> {
  const key = `${facts.dev}:${facts.ino}`;
  const known = facts.nlink > 1 ? links.get(key) : undefined;
  if (known !== undefined) {
    put(archive, { ...header, type: 'link', linkname: known });
    return;
  }
  if (facts.nlink > 1) links.set(key, name);
  // a file that grows meanwhile is taken as long as it was
  if (facts.size === 0) put(archive, { ...header, type: 'file', size: 0 });
  else await pipeline(createReadStream(path, { end: facts.size - 1, highWaterMark: 256 * 1024 }), archive.entry({ ...header, type: 'file', size: facts.size }) as unknown as Writable);
}

function put(archive: Pack, header: HeaderFields): void {
  archive.entry(header, '');
}

/** glibc's `makedev`, backwards. */
function deviceOf({ rdev }: Stats): { devmajor: number; devminor: number } {
  const number = BigInt(rdev);
  return {
    devmajor: Number(((number >> 32n) & 0xfffff000n) | ((number >> 8n) & 0xfffn)),
    devminor: Number(((number >> 12n) & 0xffffff00n) | (number & 0xffn)),
  };
}
