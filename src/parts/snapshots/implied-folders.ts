import { codeOf } from '#base/errors.ts';
import { Directory } from '#parts/host/container-root.ts';
import { chmod, chown, FILE_TYPE, O, openAt, RESOLVE, setTimes, statFd, type FileFacts } from '#parts/host/files.ts';
import { cBytes } from '#parts/tar/entry.ts';

const INSIDE = RESOLVE.beneath | RESOLVE.noSymlinks;

/**
 * Gives folders that a layer needed but did not bring the owner, permissions and times that they have in the layers
 * below: without that the overlay would show root's 0755 instead.
 *
 * @param paths byte strings, below `files`
 * @param below the layers' files, the topmost first
 */
export function fillImpliedFolders(files: string, paths: readonly string[], below: readonly string[]): void {
  if (paths.length === 0 || below.length === 0) return;
  using stack = new DisposableStack();
  const own = stack.use(Directory.open(files));
  const lower = below.map((path) => stack.use(Directory.open(path)));
  for (const path of paths) {
    const there = firstFound(lower, path);
    if (there?.type !== FILE_TYPE.directory) continue;
    const folder = openFolder(own.fd, path, O.directory);
    if (!folder) continue;
    using _folder = folder;
    chown(folder.fd, there);
    chmod(folder.fd, there.mode);
    setTimes(folder.fd, there.modified);
  }
}

/** What the topmost layer that knows the name says of it; a whiteout counts. */
function firstFound(lower: readonly Directory[], path: string): FileFacts | undefined {
  for (const { fd } of lower) {
    const found = openFolder(fd, path, O.path | O.nofollow);
    if (!found) continue;
    using _found = found;
    return statFd(found.fd);
  }
  return undefined;
}

function openFolder(root: number, path: string, flags: number): Directory | undefined {
  try {
    return new Directory(openAt(root, cBytes(path), { flags, resolve: INSIDE }));
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV') return undefined;
    throw thrown;
  }
}
