import { closeSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { codeOf } from '#base/errors.ts';
import { Directory, type ContainerRoot } from '#parts/host/container-root.ts';
import { FILE_TYPE, O, readLinkAt, statFd, type FileTime } from '#parts/host/files.ts';

/** What is told of a path in a container. */
export interface PathFacts {
  readonly name: string;
  readonly sizeBytes: number;
  /** Type and permissions, as stat(2) has them. */
  readonly mode: number;
  readonly modified: FileTime;
  /** Where a symbolic link leads in the end, as an absolute path in the container; empty for all else. */
  readonly linkTarget: string;
}

const MAX_LINKS = 40;

/** A path from the root. A slash or `/.` at its end stays, since it means what a link leads to. */
export function rootedPath(path: string): string {
  const clean = posix.join('/', path).replace(/(.)\/+$/, '$1');
  if (posix.basename(path) === '.' || path === '') return clean === '/' ? '/.' : `${clean}/.`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** Go's filepath.Base: it leaves the dot. */
export function baseName(rooted: string): string {
  return rooted.endsWith('/.') ? '.' : posix.basename(rooted) || '/';
}

/** Of the path itself, not of what a link at its end leads to. @throws ENOENT, ENOTDIR */
export function pathFacts(root: ContainerRoot, rooted: string): PathFacts {
  using file = new Directory(root.openFile(rooted, O.path | O.nofollow));
  const { type, mode, sizeBytes, modified } = statFd(file.fd);
  return { name: baseName(rooted), sizeBytes, mode: type | mode, modified, linkTarget: type === FILE_TYPE.symlink ? followed(root, rooted) : '' };
}

/** The path without links, as far as it goes: a broken link's target counts as it is written. */
function followed(root: ContainerRoot, rooted: string): string {
  let path = rooted;
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      return realPath(root, path);
    } catch (thrown) {
      if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(thrown) ?? '')) throw thrown;
    }
    const target = linkText(root, path);
    if (target === undefined) return path;
    path = target.startsWith('/') ? posix.normalize(target) : posix.join(folderOf(root, path), target);
  }
  return path;
}

/** Where an open file stands below the root, by the kernel's word; links followed. */
export function realPath(root: ContainerRoot, path: string): string {
  const fd = root.openFile(path, O.path);
  try {
    const top = readlinkSync(`/proc/self/fd/${root.fd}`);
    const found = readlinkSync(`/proc/self/fd/${fd}`);
    return found === top ? '/' : found.startsWith(`${top}/`) ? found.slice(top.length) : posix.normalize(path);
  } finally {
    closeSync(fd);
  }
}

function linkText(root: ContainerRoot, path: string): string | undefined {
  try {
    const fd = root.openFile(path, O.path | O.nofollow);
    try {
      return readLinkAt(fd, '').toString();
    } finally {
      closeSync(fd);
    }
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'EINVAL', 'ELOOP'].includes(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}

function folderOf(root: ContainerRoot, path: string): string {
  try {
    return realPath(root, posix.dirname(path));
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(thrown) ?? '')) return posix.dirname(path);
    throw thrown;
  }
}
