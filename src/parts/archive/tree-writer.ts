import { closeSync, writeSync } from 'node:fs';
import { codeOf, EngineError } from '#base/errors.ts';
import { Directory, removeTreeAt, type ContainerRoot } from '#parts/host/container-root.ts';
import {
  chmod, chown, FILE_TYPE, linkAt, makeFolderAt, makeNodeAt, O, openAt, setTimes, setTimesAt, statAt, symlinkAt, type FileFacts, type FileTime,
} from '#parts/host/files.ts';
import { setXattr } from '#parts/host/xattrs.ts';
import { attributesOf, setAttributes, tolerant } from '#parts/layers/entry-attributes.ts';
import { cBytes, entryPath, quoted, textOf, type TarEntry } from '#parts/tar/entry.ts';

export interface WriteOptions {
  /** A folder is not replaced by something else, nor something else by a folder. */
  readonly noOverwriteDirNonDir: boolean;
  /** Whose everything becomes; undefined: as the archive says. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Puts an archive's entries into a folder of a container that may be running. Each entry's folder is looked up inside
 * the container's root when its turn comes and worked in by descriptor: whatever links the container puts in the way
 * meanwhile, they lead to places of its own.
 */
export class TreeWriter implements Disposable {
  readonly #root: ContainerRoot;
  readonly #folder: string;
  readonly #options: WriteOptions;
  readonly #folderTimes = new Map<string, FileTime>();
  #file: { readonly fd: number; readonly entry: TarEntry } | undefined;

  /** @param folder its path in the root, as bytes */
  constructor(root: ContainerRoot, folder: string, options: WriteOptions) {
    this.#root = root;
    this.#folder = folder;
    this.#options = options;
  }

  [Symbol.dispose](): void {
    if (this.#file) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  /** @throws {EngineError} in Docker's words where it may not be written; the system's error otherwise */
  entry(given: TarEntry): void {
    const entry = this.#options.owner ? { ...given, ...this.#options.owner } : given;
    const parts = inside(entry.path);
    const name = parts.at(-1);
    if (name === undefined) {
      // the folder itself stays as it is, as with Docker
      if (entry.type !== 'directory') throw new EngineError('invalid', `archive entry ${quoted(entry.path)} is no folder and has no name`);
      return;
    }
    using parent = this.#parent(parts.slice(0, -1));
    const there = found(parent.fd, name);
    this.#assertMayReplace(there, entry, parts.join('/'));
    const isKept = there?.type === FILE_TYPE.directory && entry.type === 'directory';
    if (there && !isKept && !this.#isItself(entry, parts)) remove(parent.fd, name);
    this.#make(parent.fd, { name, entry, parts, isKept });
  }

  data(bytes: Uint8Array): void {
    const file = this.#file;
    if (!file) return;
    for (let done = 0; done < bytes.length; ) done += writeSync(file.fd, bytes, done, bytes.length - done);
  }

  end(): void {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    const { fd, entry } = file;
    try {
      // In this order: a change of owner clears set-id bits and capabilities.
      chown(fd, entry);
      chmod(fd, entry.mode);
      for (const [name, value] of attributesOf(entry)) tolerant(() => setXattr(fd, cBytes(name), value));
      setTimes(fd, entry.modified);
    } finally {
      closeSync(fd);
    }
  }

  /** The folders' times, which making files in them has changed. */
  finish(): void {
    for (const [path, modified] of this.#folderTimes) {
      try {
        using folder = this.#open(path, O.directory);
        setTimes(folder.fd, modified);
      } catch (thrown) {
        if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(thrown) ?? '')) throw thrown;
      }
    }
  }

  #make(parent: number, { name, entry, parts, isKept }: { readonly name: string; readonly entry: TarEntry; readonly parts: readonly string[]; readonly isKept: boolean }): void {
    const c = cBytes(name);
    switch (entry.type) {
      case 'file':
        this.#file = { fd: openAt(parent, c, { flags: O.creat | O.excl | O.wronly | O.nofollow, mode: 0o600 }), entry };
        return;
      case 'link':
        this.#hardLink(parent, c, entry);
        return;
      case 'directory':
        if (!isKept) makeFolderAt(parent, c, 0o700);
        setAttributes(parent, c, entry);
        this.#folderTimes.set(parts.join('/'), entry.modified);
        return;
      case 'symlink':
        symlinkAt(cBytes(entry.linkPath), parent, c);
        break;
      case 'character':
      case 'block':
      case 'fifo':
        makeNodeAt(parent, c, FILE_TYPE[entry.type] | 0o600, entry.type === 'fifo' ? { major: 0, minor: 0 } : entry.device);
        break;
      default:
        entry.type satisfies never;
    }
    setAttributes(parent, c, entry);
    setTimesAt(parent, c, entry.modified);
  }

  #hardLink(parent: number, name: Uint8Array, entry: TarEntry): void {
    const target = inside(entry.linkPath);
    const old = target.at(-1);
    if (old === undefined) throw new EngineError('invalid', `invalid hardlink ${quoted(entry.linkPath)} -> ${quoted(entry.path)}`);
    using from = this.#open(target.slice(0, -1).join('/'), O.path | O.directory);
    linkAt({ dir: from.fd, name: cBytes(old) }, { dir: parent, name });
  }

  /** A hard link to the very path that it stands at. */
  #isItself(entry: TarEntry, parts: readonly string[]): boolean {
    return entry.type === 'link' && entryPath(entry.linkPath).join('/') === parts.join('/');
  }

  #assertMayReplace(there: FileFacts | undefined, entry: TarEntry, path: string): void {
    if (!there || !this.#options.noOverwriteDirNonDir) return;
    const [folder, wanted] = [JSON.stringify(textOf(this.#folder)), quoted(path)];
    const isFolder = there.type === FILE_TYPE.directory;
    if (isFolder && entry.type !== 'directory') throw new EngineError('invalid', `cannot overwrite directory ${wanted} with non-directory ${folder}`);
    if (!isFolder && entry.type === 'directory') throw new EngineError('invalid', `cannot overwrite non-directory ${wanted} with directory ${folder}`);
  }

  /** Folders that the archive does not bring are made, as root's. */
  #parent(parts: readonly string[]): Directory {
    const path = parts.join('/');
    try {
      return this.#open(path, O.path | O.directory);
    } catch (thrown) {
      const name = parts.at(-1);
      if (codeOf(thrown) !== 'ENOENT' || name === undefined) throw thrown;
      using above = this.#parent(parts.slice(0, -1));
      makeFolderAt(above.fd, cBytes(name), 0o755);
    }
    return this.#open(path, O.path | O.directory);
  }

  #open(path: string, flags: number): Directory {
    return new Directory(this.#root.openFile(cBytes(path === '' ? this.#folder : `${this.#folder}/${path}`), flags));
  }
}

function found(dir: number, name: string): FileFacts | undefined {
  try {
    return statAt(dir, cBytes(name));
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function inside(path: string): readonly string[] {
  try {
    return entryPath(path);
  } catch (thrown) {
    throw new EngineError('invalid', `invalid entry name ${quoted(path)}`, { cause: thrown });
  }
}

/** What is mounted into the container cannot be replaced. */
function remove(dir: number, name: string): void {
  try {
    removeTreeAt(dir, cBytes(name));
  } catch (thrown) {
    if (codeOf(thrown) === 'EBUSY') throw new EngineError('internal', `RemoveAll ${textOf(name)}: device or resource busy`, { cause: thrown });
    throw thrown;
  }
}
