import { closeSync, readdirSync } from 'node:fs';
import { O, openAt, removeNameAt, renameAt, RESOLVE, unlinkAt, type PathBytes } from './files.ts';

/** An open folder. The one who opened it disposes it. */
export class Directory implements Disposable {
  readonly fd: number;
  #closed = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** A folder of the host, by its path. */
  static open(path: string): Directory {
    return new Directory(openAt(undefined, path, { flags: O.directory }));
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.fd);
  }
}

/**
 * A tree whose paths are looked up as a process rooted there would: `/` and `..` at the top are the top, symbolic links
 * lead inside, magic links nowhere. No path that anyone writes into the tree leads out of it, also while it changes.
 */
export class ContainerRoot extends Directory {
  static override open(path: string): ContainerRoot {
    return new ContainerRoot(openAt(undefined, path, { flags: O.directory }));
  }

  /** A descriptor of what `path` names, its last part followed too unless `flags` holds `O.nofollow`. The caller closes it. */
  openFile(path: PathBytes, flags: number, mode: number = 0): number {
    return openAt(this.fd, path, { flags, mode, resolve: RESOLVE.inRoot | RESOLVE.noMagicLinks });
  }

  openDirectory(path: PathBytes): Directory {
    return new Directory(this.openFile(path, O.directory));
  }

  /** The folder that holds the last part of `path`, and that part's name: for what is made, removed or renamed there. */
  openParent(path: string): { readonly parent: Directory; readonly name: string } {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    const name = parts.pop() ?? '.';
    // `a/..` has no name of its own: it is the folder above, as itself.
    if (name === '..') return { parent: this.openDirectory([...parts, name].join('/')), name: '.' };
    return { parent: this.openDirectory(parts.join('/') || '.'), name };
  }
}

/** The names in an open folder, as bytes that end with a NUL, ready for the calls of `files.ts`. */
export function* namesIn(dir: number): Generator<Uint8Array> {
  for (const name of readdirSync(`/proc/self/fd/${dir}`, { encoding: 'buffer' })) yield Buffer.concat([name, Buffer.alloc(1)]);
}

/** So many folders are open at once while a tree is removed; what lies deeper is moved up first. */
const OPEN_LEVELS = 64;

/**
 * Removes `name` in the open folder with all below it; symbolic links are removed, not followed. A tree of any depth
 * goes, also one that is too deep for a path to name its bottom.
 *
 * @param budget how many entries may be removed at most, for a caller that must not take long
 * @returns false where the budget was not enough: the tree then still has its top
 */
export function removeTreeAt(dir: number, name: PathBytes, budget: number = Number.POSITIVE_INFINITY): boolean {
  if (removeNameAt(dir, name)) return true;
  using top = openChild(dir, name);
  const walk: Removal = { top: top.fd, left: budget, moved: 0 };
  let before: number;
  do {
    before = walk.moved;
    if (!emptyFolder(top.fd, 1, walk)) return false;
  } while (walk.moved > before);
  unlinkAt(dir, name, { folder: true });
  return true;
}

interface Removal {
  readonly top: number;
  left: number;
  /** How many folders were too deep and now lie in the top one. */
  moved: number;
}

function emptyFolder(folder: number, level: number, walk: Removal): boolean {
  for (const child of namesIn(folder)) {
    if (walk.left-- <= 0) return false;
    if (removeNameAt(folder, child)) continue;
    if (level >= OPEN_LEVELS) {
      renameAt({ dir: folder, name: child }, { dir: walk.top, name: `.onggi-deep-${process.pid}-${walk.moved++}` });
    } else {
      using opened = openChild(folder, child);
      if (!emptyFolder(opened.fd, level + 1, walk)) return false;
      unlinkAt(folder, child, { folder: true });
    }
  }
  return true;
}

function openChild(dir: number, name: PathBytes): Directory {
  return new Directory(openAt(dir, name, { flags: O.directory | O.nofollow, resolve: RESOLVE.beneath | RESOLVE.noSymlinks }));
}
