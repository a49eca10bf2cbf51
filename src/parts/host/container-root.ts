import { closeSync, readdirSync } from 'node:fs';
import { FILE_TYPE, O, openAt, renameAt, RESOLVE, statAt, unlinkAt, type PathBytes } from './files.ts';

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
 */
export function removeTreeAt(dir: number, name: PathBytes): void {
  if (statAt(dir, name).type !== FILE_TYPE.directory) {
    unlinkAt(dir, name);
    return;
  }
  using top = openChild(dir, name);
  for (let moved = true, next = 0; moved; ) {
    moved = false;
    emptyFolder(top.fd, 1, (parent, child) => {
      renameAt({ dir: parent, name: child }, { dir: top.fd, name: `.onggi-deep-${process.pid}-${next++}` });
      moved = true;
    });
  }
  unlinkAt(dir, name, { folder: true });
}

function emptyFolder(folder: number, level: number, moveUp: (parent: number, child: Uint8Array) => void): void {
  for (const child of namesIn(folder)) {
    if (statAt(folder, child).type !== FILE_TYPE.directory) {
      unlinkAt(folder, child);
      continue;
    }
    if (level >= OPEN_LEVELS) {
      moveUp(folder, child);
      continue;
    }
    using opened = openChild(folder, child);
    emptyFolder(opened.fd, level + 1, moveUp);
    unlinkAt(folder, child, { folder: true });
  }
}

function openChild(dir: number, name: PathBytes): Directory {
  return new Directory(openAt(dir, name, { flags: O.directory | O.nofollow, resolve: RESOLVE.beneath | RESOLVE.noSymlinks }));
}
