import { readSync } from 'node:fs';
import { posix } from 'node:path';
import { codeOf, EngineError } from '#base/errors.ts';
import { Directory, type ContainerRoot } from '#parts/host/container-root.ts';
import { FILE_TYPE, O, statFd } from '#parts/host/files.ts';
import { bytesOf } from '#parts/tar/entry.ts';
import { TarReader } from '#parts/tar/reader.ts';
import { baseName, pathFacts, realPath, type PathFacts } from './path-facts.ts';
import type { RootView } from './root-view.ts';
import { TarOutput } from './tar-output.ts';
import { TreePacker } from './tree-packer.ts';
import { TreeWriter, type WriteOptions } from './tree-writer.ts';

const CHUNK_BYTES = 256 * 1024;

/** Writes what a path names as an archive; its entries begin with the path's last part. */
export function packPath(root: ContainerRoot, rooted: string, facts: PathFacts, output: number): { skipped: number } {
  const out = new TarOutput(output);
  const packer = new TreePacker(out);
  const base = bytesOf(baseName(rooted));
  if ((facts.mode & FILE_TYPE.mask) === FILE_TYPE.directory) {
    using folder = root.openDirectory(rooted);
    packer.tree(folder.fd, Buffer.from('.\0'), base);
  } else {
    const { parent, name } = root.openParent(rooted);
    using _parent = parent;
    packer.one(parent.fd, Buffer.from(`${name}\0`), base)?.[Symbol.dispose]();
  }
  out.finish();
  return { skipped: packer.skipped };
}

/** The facts of a path, at once in Docker's words where it is not there. */
export function factsOrNotFound(root: ContainerRoot, rooted: string): PathFacts {
  try {
    return pathFacts(root, rooted);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new EngineError('not-found', rooted, { cause: thrown });
    if (codeOf(thrown) === 'ENOTDIR') throw new EngineError('internal', `lstat ${rooted}: not a directory`, { cause: thrown });
    throw thrown;
  }
}

export interface Unpacking {
  readonly view: RootView;
  readonly rooted: string;
  readonly options: WriteOptions;
  /** The tar, not packed, from a pipe. */
  readonly input: number;
  readonly isCancelled: () => boolean;
}

/** Puts an archive into the folder that a path names, links followed. */
export function unpackInto(root: ContainerRoot, { view, rooted, options, input, isCancelled }: Unpacking): void {
  const folder = writableFolder(root, rooted, view);
  using writer = new TreeWriter(root, bytesOf(folder), options);
  const reader = new TarReader();
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const stopIfCancelled = (): void => {
    if (isCancelled()) throw new EngineError('unavailable', 'context canceled');
  };
  for (let size = readSync(input, buffer); size > 0; size = readSync(input, buffer)) {
    stopIfCancelled();
    worded(() => take(reader, buffer.subarray(0, size), writer));
  }
  stopIfCancelled();
  worded(() => reader.finish());
  writer.finish();
}

function take(reader: TarReader, bytes: Uint8Array, writer: TreeWriter): void {
  for (const event of reader.push(bytes)) {
    if (event.kind === 'entry') writer.entry(event.entry);
    else if (event.kind === 'data') writer.data(event.bytes);
    else writer.end();
  }
}

function writableFolder(root: ContainerRoot, rooted: string, { mounts, readOnly }: RootView): string {
  const { path, isFolder } = target(root, rooted);
  if (!isFolder) throw new EngineError('invalid', 'extraction point is not a directory');
  const above = (destination: string): boolean => path === destination || path.startsWith(`${destination.replace(/\/$/, '')}/`);
  const mount = mounts.filter(({ destination }) => above(posix.normalize(destination))).sort((a, b) => b.destination.length - a.destination.length)[0];
  if (mount?.readOnly) throw new EngineError('invalid', 'mounted volume is marked read-only');
  if (!mount && readOnly) throw new EngineError('invalid', 'container rootfs is marked read-only');
  return path;
}

function target(root: ContainerRoot, rooted: string): { readonly path: string; readonly isFolder: boolean } {
  try {
    using file = new Directory(root.openFile(rooted, O.path));
    const path = realPath(root, rooted);
    return { path, isFolder: statFd(file.fd).type === FILE_TYPE.directory };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new EngineError('not-found', rooted, { cause: thrown });
    if (codeOf(thrown) === 'ENOTDIR') throw new EngineError('internal', `lstat ${rooted}: not a directory`, { cause: thrown });
    throw thrown;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device', EDQUOT: 'disk quota exceeded', EROFS: 'read-only file system', EBUSY: 'device or resource busy',
  ENOTDIR: 'not a directory', EEXIST: 'file exists', ELOOP: 'too many levels of symbolic links', ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory', EPERM: 'operation not permitted',
};

/** A failure in the middle as the user is told of it; dockerd has 500 for all of them. */
function worded(work: () => void): void {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof EngineError) throw new EngineError('internal', thrown.message, { cause: thrown });
    const words = WORDS[codeOf(thrown) ?? ''];
    if (words === undefined) throw thrown;
    const { syscall = '', message } = thrown as NodeJS.ErrnoException;
    const [, detail = ''] = /^\S+ (.*): E[A-Z0-9]+$/s.exec(message) ?? [];
    throw new EngineError('internal', `${syscall} ${detail}: ${words}`, { cause: thrown });
  }
}
