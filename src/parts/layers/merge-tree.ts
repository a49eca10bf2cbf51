import { constants, copyFileSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { Directory, namesIn, removeTreeAt } from '#parts/host/container-root.ts';
import {
  chmodAt, chownAt, FILE_TYPE, linkAt, makeFolderAt, makeNodeAt, O, openAt, readLinkAt, setTimesAt, statAt, symlinkAt, type FileFacts,
} from '#parts/host/files.ts';
import { getXattrAt, listXattrsAt, setXattrAt } from '#parts/host/xattrs.ts';

const OPAQUE = 'trusted.overlay.opaque';
const OVERLAY = 'trusted.overlay.';

/**
 * Copies a stack of layers into one folder, as overlayfs would show it: what an upper layer whites out is gone, what it
 * brings takes the place of what was there.
 *
 * @param layers folders of layers, the lowest first; nobody changes them meanwhile
 * @param target an empty folder
 */
export function mergeTrees(layers: readonly string[], target: string): void {
  using to = Directory.open(target);
  for (const layer of layers) {
    using from = Directory.open(layer);
    // Hard links hold within one layer only.
    mergeFolder(from.fd, to.fd, '', { root: to.fd, links: new Map() });
  }
}

interface Merge {
  readonly root: number;
  /** Inode in the layer to path in the target, as byte strings. */
  readonly links: Map<bigint, string>;
}

function mergeFolder(from: number, to: number, path: string, merge: Merge): void {
  for (const name of namesIn(from)) {
    const facts = statAt(from, name);
    const below = path + Buffer.from(name.buffer, name.byteOffset, name.length - 1).toString('latin1');
    if (facts.type === FILE_TYPE.directory) {
      mergeSubfolder(from, to, { name, facts, path: below }, merge);
      continue;
    }
    removeIfThere(to, name);
    if (isWhiteout(facts)) continue;
    const known = facts.links > 1 ? merge.links.get(facts.inode) : undefined;
    if (known !== undefined) {
      linkAt({ dir: merge.root, name: Buffer.from(`${known}\0`, 'latin1') }, { dir: to, name });
      continue;
    }
    copyNode(from, to, name, facts);
    copyAttributes(from, to, name, facts);
    if (facts.links > 1) merge.links.set(facts.inode, below);
  }
}

interface Entry {
  readonly name: Uint8Array;
  readonly facts: FileFacts;
  readonly path: string;
}

function mergeSubfolder(from: number, to: number, { name, facts, path }: Entry, merge: Merge): void {
  const there = factsOf(to, name);
  const isOpaque = getXattrAt(from, name, OPAQUE)?.toString() === 'y';
  if (there && (isOpaque || there.type !== FILE_TYPE.directory)) removeTreeAt(to, name);
  if (!there || isOpaque || there.type !== FILE_TYPE.directory) makeFolderAt(to, name, 0o700);
  {
    using own = new Directory(openAt(from, name, { flags: O.directory | O.nofollow }));
    using copy = new Directory(openAt(to, name, { flags: O.directory | O.nofollow }));
    mergeFolder(own.fd, copy.fd, `${path}/`, merge);
  }
  copyAttributes(from, to, name, facts);
}

function copyNode(from: number, to: number, name: Uint8Array, facts: FileFacts): void {
  const at = (dir: number): Buffer => Buffer.concat([Buffer.from(`/proc/self/fd/${dir}/`), name.subarray(0, -1)]);
  if (facts.type === FILE_TYPE.regular) copyFileSync(at(from), at(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  else if (facts.type === FILE_TYPE.symlink) symlinkAt(Buffer.concat([readLinkAt(from, name), Buffer.alloc(1)]), to, name);
  else makeNodeAt(to, name, facts.type | 0o600, facts.device);
}

function copyAttributes(from: number, to: number, name: Uint8Array, facts: FileFacts): void {
  chownAt(to, name, facts);
  if (facts.type !== FILE_TYPE.symlink) chmodAt(to, name, facts.mode);
  for (const attribute of listXattrsAt(from, name)) {
    const value = attribute.startsWith(OVERLAY) ? undefined : getXattrAt(from, name, Buffer.from(`${attribute}\0`, 'latin1'));
    if (value) setXattrAt(to, name, Buffer.from(`${attribute}\0`, 'latin1'), value);
  }
  setTimesAt(to, name, facts.modified);
}

function removeIfThere(dir: number, name: Uint8Array): void {
  if (factsOf(dir, name)) removeTreeAt(dir, name);
}

function factsOf(dir: number, name: Uint8Array): FileFacts | undefined {
  try {
    return statAt(dir, name);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function isWhiteout({ type, device }: FileFacts): boolean {
  return type === FILE_TYPE.character && device.major === 0 && device.minor === 0;
}
