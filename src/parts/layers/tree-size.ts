import { codeOf } from '#base/errors.ts';
import { Directory, namesIn } from '#parts/host/container-root.ts';
import { FILE_TYPE, O, openAt, statAt, type FileFacts } from '#parts/host/files.ts';

/**
 * Bytes of the files and symbolic links below an open folder, hard links once; folders count nothing, as with Docker.
 * What vanishes meanwhile does not count.
 */
export function treeSize(folder: number, seen: Set<bigint> = new Set()): number {
  let total = 0;
  for (const name of namesIn(folder)) {
    const facts = factsOf(folder, name);
    if (facts?.type === FILE_TYPE.directory) total += sizeBelow(folder, name, seen);
    else if (facts && (facts.links === 1 || !seen.has(facts.inode))) {
      if (facts.links > 1) seen.add(facts.inode);
      total += facts.sizeBytes;
    }
  }
  return total;
}

function sizeBelow(folder: number, name: Uint8Array, seen: Set<bigint>): number {
  try {
    using below = new Directory(openAt(folder, name, { flags: O.directory | O.nofollow }));
    return treeSize(below.fd, seen);
  } catch (thrown) {
    if (isGone(thrown)) return 0;
    throw thrown;
  }
}

function factsOf(folder: number, name: Uint8Array): FileFacts | undefined {
  try {
    return statAt(folder, name);
  } catch (thrown) {
    if (isGone(thrown)) return undefined;
    throw thrown;
  }
}

function isGone(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}
