import { codeOf, EngineError } from '#base/errors.ts';
import { Directory } from '#parts/host/container-root.ts';
import { FILE_TYPE, O, openAt, readLinkAt, RESOLVE, statAt } from '#parts/host/files.ts';
import { cBytes, quoted } from '#parts/tar/entry.ts';

/** So many folders stay open, since entries of one folder come together. */
const MAX_OPEN = 64;
const MAX_LINKS = 40;

/**
 * The folders of a layer in which entries are made. The kernel looks each one up beneath the layer's root; a link that
 * is absolute means the layer's own root, and one that climbs above it is refused.
 */
export class ParentFolders implements Disposable {
  readonly #root: number;
  readonly #make: (parent: number, name: string, path: string) => void;
  readonly #open = new Map<string, Directory>();

  /** @param make called for a folder that an entry needs and the archive did not bring */
  constructor(root: number, make: (parent: number, name: string, path: string) => void) {
    this.#root = root;
    this.#make = make;
  }

  /**
   * A descriptor that only names the folder (O_PATH), valid until the next call or `forget`.
   *
   * @param entry whose parent it is, for messages
   * @throws {EngineError} `invalid`, naming the entry
   */
  at(parts: readonly string[], entry: string): number {
    if (parts.length === 0) return this.#root;
    const path = parts.join('/');
    const known = this.#open.get(path);
    if (known) return known.fd;
    const folder = new Directory(this.#find(parts, path, entry));
    if (this.#open.size >= MAX_OPEN) this.#closeOldest();
    this.#open.set(path, folder);
    return folder.fd;
  }

  /** A name has come to mean something else: nothing that was looked up before counts. */
  forget(): void {
    for (const folder of this.#open.values()) folder[Symbol.dispose]();
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  #find(parts: readonly string[], path: string, entry: string): number {
    for (let attempt = 0; ; attempt++) {
      try {
        return openAt(this.#root, cBytes(path), { flags: O.path | O.directory, resolve: RESOLVE.beneath | RESOLVE.noMagicLinks });
      } catch (thrown) {
        const code = codeOf(thrown);
        if (code === 'EXDEV') {
          const inside = this.#withoutLinks(parts, entry);
          return this.#find(inside, inside.join('/') || '.', entry);
        }
        if ((code !== 'ENOENT' && code !== 'ENOTDIR') || attempt > 0) throw this.#refused(entry, thrown);
        this.#makeMissing(parts, path, entry);
      }
    }
  }

  #makeMissing(parts: readonly string[], path: string, entry: string): void {
    const name = parts.at(-1) ?? '';
    const above = this.at(parts.slice(0, -1), entry);
    try {
      this.#make(above, name, path);
    } catch (thrown) {
      throw this.#refused(entry, thrown);
    }
  }

  /**
   * The same folder by a path without links. Where a link leads must be there already: an absolute one that means a
   * place of the host leads to nothing here. What is missing behind it is taken as it is written.
   */
  #withoutLinks(parts: readonly string[], entry: string): string[] {
    let done: string[] = [];
    const left: { readonly part: string; readonly link: string | undefined }[] = parts.map((part) => ({ part, link: undefined }));
    let links = 0;
    for (let next = left.shift(); next; next = left.shift()) {
      const { part, link } = next;
      if (part === '..') {
        if (done.pop() === undefined) throw new EngineError('invalid', `archive entry ${quoted(entry)} leads out of its root through a symbolic link`);
        continue;
      }
      const there = this.#look(done, part);
      if (!there && link !== undefined) {
        throw new EngineError('invalid', `archive entry ${quoted(entry)} leads through a symbolic link to ${quoted(link)}, which is not in this archive`);
      }
      if (there?.target === undefined) {
        done.push(part);
        continue;
      }
      if (++links > MAX_LINKS) throw new EngineError('invalid', `archive entry ${quoted(entry)}: too many levels of symbolic links`);
      const { target } = there;
      if (target.startsWith('/')) done = [];
      const further = target.split('/').filter((each) => each !== '' && each !== '.');
      left.unshift(...further.map((each) => ({ part: each, link: target })));
    }
    return done;
  }

  /** undefined where there is no such name; `target` where it is a link. */
  #look(folder: readonly string[], name: string): { readonly target: string | undefined } | undefined {
    try {
      using above = new Directory(openAt(this.#root, cBytes(folder.join('/') || '.'), { flags: O.path | O.directory, resolve: RESOLVE.beneath | RESOLVE.noSymlinks }));
      const isLink = statAt(above.fd, cBytes(name)).type === FILE_TYPE.symlink;
      return { target: isLink ? readLinkAt(above.fd, cBytes(name)).toString('latin1') : undefined };
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return undefined;
      throw thrown;
    }
  }

  #closeOldest(): void {
    const [oldest] = this.#open;
    if (!oldest) return;
    oldest[1][Symbol.dispose]();
    this.#open.delete(oldest[0]);
  }

  #refused(entry: string, thrown: unknown): unknown {
    const code = codeOf(thrown);
    const why = { EEXIST: 'a part of its path is no folder', ENOTDIR: 'a part of its path is no folder', ENOENT: 'a part of its path is a link to nowhere', ELOOP: 'too many levels of symbolic links', ENAMETOOLONG: 'its name is too long' }[code ?? ''];
    return why === undefined ? thrown : new EngineError('invalid', `archive entry ${quoted(entry)}: ${why}`, { cause: thrown });
  }
}
