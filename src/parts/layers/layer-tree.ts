import { closeSync, writeSync } from 'node:fs';
import { codeOf, EngineError } from '#base/errors.ts';
import { Directory, removeTreeAt } from '#parts/host/container-root.ts';
import {
  chmod, chmodAt, chown, chownAt, FILE_TYPE, linkAt, makeFolderAt, makeNodeAt, O, openAt, RESOLVE, setTimes, setTimesAt, statAt, symlinkAt,
  type FileFacts, type FileTime,
} from '#parts/host/files.ts';
import { setXattr, setXattrAt } from '#parts/host/xattrs.ts';
import { cBytes, entryPath, quoted, textOf, type TarEntry } from '#parts/tar/entry.ts';
import { attributesOf, setAttributes, tolerant } from './entry-attributes.ts';
import { ParentFolders } from './parent-folders.ts';
import { treeSize } from './tree-size.ts';

const WHITEOUT = '.wh.';
const WHITEOUT_META = '.wh..wh.';
const WHITEOUT_OPAQUE = '.wh..wh..opq';
const OPAQUE = 'trusted.overlay.opaque';
const NO_DEVICE = { major: 0, minor: 0 };

interface OpenFile {
  readonly fd: number;
  readonly entry: TarEntry;
}

/**
 * Makes a layer's files in a folder, entry by entry, in the form that overlayfs reads: a whiteout becomes a character
 * device 0/0, an opaque folder bears `trusted.overlay.opaque`. Where an entry comes twice, the later one stays.
 */
export class LayerTree implements Disposable {
  readonly #root: Directory;
  readonly #parents: ParentFolders;
  readonly #folderTimes = new Map<string, FileTime>();
  readonly #implied = new Set<string>();
  #file: OpenFile | undefined;
  #sizeBytes = 0;
  #replaced = false;
  /** Something was replaced: before the next entry, folders that were looked up do not count any more. */
  #forgetFirst = false;

  /** @param root an empty folder that nobody else changes meanwhile */
  constructor(root: string) {
    this.#root = Directory.open(root);
    this.#parents = new ParentFolders(this.#root.fd, (parent, name, path) => this.#makeImplied(parent, name, path));
  }

  [Symbol.dispose](): void {
    if (this.#file) closeSync(this.#file.fd);
    this.#file = undefined;
    this.#parents[Symbol.dispose]();
    this.#root[Symbol.dispose]();
  }

  /** @throws {EngineError} `invalid`, naming the entry; the system's error where the disk is full */
  entry(entry: TarEntry): void {
    try {
      this.#make(entry);
    } catch (thrown) {
      throw named(entry, thrown);
    }
  }

  /** The next bytes of the file whose entry came last; bytes of anything else are left out. */
  data(bytes: Uint8Array): void {
    const file = this.#file;
    if (!file) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file.fd, bytes, done, bytes.length - done);
    } catch (thrown) {
      throw named(file.entry, thrown);
    }
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
    } catch (thrown) {
      throw named(entry, thrown);
    } finally {
      closeSync(fd);
    }
  }

  /** The folders' times, which making files in them has changed, and the sum. Call it once, after the last entry. */
  finish(): { readonly sizeBytes: number; readonly impliedFolders: readonly string[] } {
    this.#parents.forget();
    for (const [path, modified] of this.#folderTimes) {
      try {
        using folder = new Directory(openAt(this.#root.fd, cBytes(path || '.'), { flags: O.directory | O.nofollow, resolve: RESOLVE.inRoot }));
        setTimes(folder.fd, modified);
      } catch (thrown) {
        // A later entry has taken its place.
        if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(thrown) ?? '')) throw thrown;
      }
    }
    return { sizeBytes: this.#replaced ? treeSize(this.#root.fd) : this.#sizeBytes, impliedFolders: [...this.#implied] };
  }

  #make(entry: TarEntry): void {
    if (this.#forgetFirst) this.#parents.forget();
    this.#forgetFirst = false;
    const parts = entryPath(entry.path);
    const name = parts.at(-1);
    if (name === undefined) {
      if (entry.type === 'directory') this.#rootAttributes(entry);
      else throw new EngineError('invalid', 'only a folder can be the root');
      return;
    }
    if (name.startsWith(WHITEOUT)) {
      this.#whiteout(parts, name, entry);
      return;
    }
    const parent = this.#parents.at(parts.slice(0, -1), entry.path);
    if (entry.type === 'file') this.#openFile(parent, name, entry);
    else if (entry.type === 'directory') this.#folder(parent, name, entry, parts);
    else if (entry.type === 'link') this.#hardLink(name, entry, parts);
    else this.#node(parent, name, entry);
  }

  #openFile(parent: number, name: string, entry: TarEntry): void {
    const fd = this.#replacing(parent, name, () => openAt(parent, cBytes(name), { flags: O.creat | O.excl | O.wronly | O.nofollow, mode: 0o600 }));
    this.#file = { fd, entry };
    this.#sizeBytes += entry.sizeBytes;
  }

  /** What has no content of its own: links, devices, pipes. */
  #node(parent: number, name: string, entry: TarEntry): void {
    const c = cBytes(name);
    if (entry.type === 'symlink') {
      if (entry.linkPath === '') throw new EngineError('invalid', 'a symbolic link to nothing');
      this.#replacing(parent, name, () => symlinkAt(cBytes(entry.linkPath), parent, c));
      this.#sizeBytes += entry.linkPath.length;
    } else {
      const type = FILE_TYPE[entry.type as 'character' | 'block' | 'fifo'];
      this.#replacing(parent, name, () => makeNodeAt(parent, c, type | 0o600, entry.type === 'fifo' ? NO_DEVICE : entry.device));
    }
    setAttributes(parent, c, entry);
    setTimesAt(parent, c, entry.modified);
  }

  #folder(parent: number, name: string, entry: TarEntry, parts: readonly string[]): void {
    const c = cBytes(name);
    const there = this.#found(parent, name);
    if (there?.type !== FILE_TYPE.directory) {
      this.#replacing(parent, name, () => makeFolderAt(parent, c, 0o700));
      // Only what lies below was hidden by the whiteout: the new folder does not let it through.
      if (there && isWhiteout(there)) setXattrAt(parent, c, OPAQUE, Buffer.from('y'));
    }
    setAttributes(parent, c, entry);
    const path = parts.join('/');
    this.#implied.delete(path);
    this.#folderTimes.delete(path);
    this.#folderTimes.set(path, entry.modified);
  }

  #hardLink(name: string, entry: TarEntry, parts: readonly string[]): void {
    const target = entryPath(entry.linkPath);
    const old = target.at(-1);
    if (old === undefined) throw new EngineError('invalid', 'a hard link to the root');
    if (target.join('/') === parts.join('/')) return;
    const from = openAt(this.#parents.at(target.slice(0, -1), entry.linkPath), '.', { flags: O.path | O.directory });
    using _from = new Directory(from);
    const source = this.#found(from, old);
    if (!source || isWhiteout(source)) throw new EngineError('invalid', `a hard link to ${quoted(entry.linkPath)}, which is not in this archive before it`);
    // The look-up of the target may have closed the first one.
    const to = this.#parents.at(parts.slice(0, -1), entry.path);
    this.#replacing(to, name, () => linkAt({ dir: from, name: cBytes(old) }, { dir: to, name: cBytes(name) }));
  }

  /** `.wh.x` hides x of the layers below; `.wh..wh..opq` hides all that its folder has there. This layer's own files stay. */
  #whiteout(parts: readonly string[], name: string, entry: TarEntry): void {
    const parent = this.#parents.at(parts.slice(0, -1), entry.path);
    if (name === WHITEOUT_OPAQUE) {
      setXattrAt(parent, '.', OPAQUE, Buffer.from('y'));
      return;
    }
    if (name.startsWith(WHITEOUT_META)) return;
    const hidden = name.slice(WHITEOUT.length);
    if (hidden === '' || hidden === '.' || hidden === '..') throw new EngineError('invalid', 'a whiteout without a name');
    const there = this.#found(parent, hidden);
    if (!there) makeNodeAt(parent, cBytes(hidden), FILE_TYPE.character, NO_DEVICE);
    else if (there.type === FILE_TYPE.directory) setXattrAt(parent, cBytes(hidden), OPAQUE, Buffer.from('y'));
  }

  #makeImplied(parent: number, name: string, path: string): void {
    const there = this.#found(parent, name);
    if (there && !isWhiteout(there)) throw Object.assign(new Error(name), { code: 'EEXIST' });
    this.#replacing(parent, name, () => makeFolderAt(parent, cBytes(name), 0o755));
    chmodAt(parent, cBytes(name), 0o755);
    chownAt(parent, cBytes(name), { uid: 0, gid: 0 });
    if (there) setXattrAt(parent, cBytes(name), OPAQUE, Buffer.from('y'));
    this.#implied.add(path);
  }

  #replacing<T>(parent: number, name: string, make: () => T): T {
    try {
      return make();
    } catch (thrown) {
      if (codeOf(thrown) !== 'EEXIST') throw thrown;
      removeTreeAt(parent, cBytes(name));
      this.#replaced = true;
      this.#forgetFirst = true;
      return make();
    }
  }

  #found(parent: number, name: string): FileFacts | undefined {
    try {
      return statAt(parent, cBytes(name));
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return undefined;
      throw thrown;
    }
  }

  #rootAttributes(entry: TarEntry): void {
    setAttributes(this.#root.fd, cBytes('.'), entry);
    this.#folderTimes.set('', entry.modified);
  }
}

function isWhiteout(facts: FileFacts): boolean {
  return facts.type === FILE_TYPE.character && facts.device.major === 0 && facts.device.minor === 0;
}

function named(entry: TarEntry, thrown: unknown): unknown {
  const code = codeOf(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EngineError('internal', `write ${textOf(entry.path)}: ${code === 'ENOSPC' ? 'no space left on device' : 'disk quota exceeded'}`, { cause: thrown });
  }
  if (thrown instanceof EngineError && !thrown.message.startsWith('archive entry')) {
    return new EngineError(thrown.kind, `archive entry ${quoted(entry.path)}: ${thrown.message}`, { cause: thrown });
  }
  if (code === undefined || thrown instanceof EngineError) return thrown;
  return new EngineError('invalid', `archive entry ${quoted(entry.path)}: ${thrown instanceof Error ? thrown.message : code}`, { cause: thrown });
}
