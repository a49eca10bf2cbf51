import { closeSync, constants, openSync, readSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { Directory, namesIn } from '#parts/host/container-root.ts';
import { FILE_TYPE, O, openAt, readLinkAt, statFd, type FileFacts } from '#parts/host/files.ts';
import { getXattrAt } from '#parts/host/xattrs.ts';
import type { EntryType, TarEntry } from '#parts/tar/entry.ts';
import type { TarOutput } from './tar-output.ts';

/** What the kernel takes for a path. A tree that is deeper was made to be a nuisance; Docker leaves that out too. */
const MAX_PATH_BYTES = 4096;
const CAPABILITY = 'security.capability';

const TYPE_OF: ReadonlyMap<number, EntryType> = new Map([
  [FILE_TYPE.regular, 'file'], [FILE_TYPE.directory, 'directory'], [FILE_TYPE.symlink, 'symlink'],
  [FILE_TYPE.character, 'character'], [FILE_TYPE.block, 'block'], [FILE_TYPE.fifo, 'fifo'],
]);

/**
 * Writes files of a tree that may change meanwhile into an archive. Each one is opened once, as itself, and everything
 * that is told of it is read through that descriptor: a link that takes its place is not followed, a pipe not opened.
 */
export class TreePacker {
  readonly #out: TarOutput;
  /** Where the first of several hard links stands in the archive. */
  readonly #links = new Map<string, string>();
  /** How many were left out: sockets, which an archive cannot hold, and what lies deeper than a path can name. */
  skipped = 0;

  constructor(out: TarOutput) {
    this.#out = out;
  }

  /** All that is in an open folder, in the order of the names' bytes. `path` is put before them (`a/`), as bytes. */
  contents(folder: number, path: string): void {
    for (const name of [...namesIn(folder)].sort((a, b) => Buffer.compare(a, b))) {
      const own = path + nameText(name);
      if (own.length >= MAX_PATH_BYTES) this.skipped++;
      else this.tree(folder, name, own);
    }
  }

  /** `name` in an open folder, with all below it. */
  tree(dir: number, name: Uint8Array, path: string): void {
    using below = this.one(dir, name, path);
    if (below) this.contents(below.fd, path.endsWith('/') ? path : `${path}/`);
  }

  /** `name` alone. What is gone is left out. @returns the folder, opened, where it is one; the caller disposes it */
  one(dir: number, name: Uint8Array, path: string): Directory | undefined {
    let fd: number;
    try {
      fd = openAt(dir, name, { flags: O.path | O.nofollow });
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return undefined;
      throw thrown;
    }
    try {
      return this.#opened(fd, { dir, name, path });
    } finally {
      closeSync(fd);
    }
  }

  #opened(fd: number, { dir, name, path }: { readonly dir: number; readonly name: Uint8Array; readonly path: string }): Directory | undefined {
    const facts = statFd(fd);
    const type = TYPE_OF.get(facts.type);
    if (type === undefined) {
      this.skipped++;
    } else if (type === 'directory') {
      this.#out.header(entryOf(facts, type, path.endsWith('/') ? path : `${path}/`));
      return new Directory(openAt(fd, '.', { flags: O.directory }));
    } else if (type === 'file') {
      this.#file(fd, facts, { path, capability: getXattrAt(dir, name, CAPABILITY) });
    } else {
      this.#out.header({ ...entryOf(facts, type, path), ...(type === 'symlink' && { linkPath: readLinkAt(fd, '').toString('latin1') }) });
    }
    return undefined;
  }

  #file(fd: number, facts: FileFacts, { path, capability }: { readonly path: string; readonly capability: Buffer | undefined }): void {
    const key = `${facts.fileSystem.major}:${facts.fileSystem.minor}:${facts.inode}`;
    const known = facts.links > 1 ? this.#links.get(key) : undefined;
    if (known !== undefined) {
      this.#out.header({ ...entryOf(facts, 'link', path), linkPath: known });
      return;
    }
    if (facts.links > 1) this.#links.set(key, path);
    const xattrs = capability ? new Map([[CAPABILITY, capability]]) : NO_XATTRS;
    const content = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      this.#out.header({ ...entryOf(facts, 'file', path), sizeBytes: facts.sizeBytes, xattrs });
      this.#out.data(facts.sizeBytes, (into) => readSync(content, into));
    } finally {
      closeSync(content);
    }
  }
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** Whole seconds, as Docker writes them: a fraction would cost each file a kilobyte more. */
function entryOf(facts: FileFacts, type: EntryType, path: string): TarEntry {
  const { mode, uid, gid, modified, device } = facts;
  return { type, path, linkPath: '', mode, uid, gid, sizeBytes: 0, modified: { seconds: modified.seconds, nanoseconds: 0 }, device, xattrs: NO_XATTRS };
}

/** A name as `namesIn` gives it, as a byte string. */
export function nameText(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.length - 1).toString('latin1');
}
