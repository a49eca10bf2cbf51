import { codeOf } from '#base/errors.ts';
import { Directory, namesIn } from '#parts/host/container-root.ts';
import { FILE_TYPE, O, openAt, statAt, type FileFacts } from '#parts/host/files.ts';
import { getXattrAt } from '#parts/host/xattrs.ts';
import { nameText } from './tree-packer.ts';

/** What stands at a name below. */
export interface Below extends Disposable {
  readonly facts: FileFacts;
  /** Its folders in all layers that add to it; none where it is no folder. */
  readonly folders: LowerFolders;
  capability(): Buffer | undefined;
}

/** The same folder in each layer that has it, the topmost first: overlayfs' view of it without a mount. */
export class LowerFolders implements Disposable {
  static readonly none: LowerFolders = new LowerFolders([]);
  readonly #folders: readonly Directory[];

  private constructor(folders: readonly Directory[]) {
    this.#folders = folders;
  }

  static open(layers: readonly string[]): LowerFolders {
    return new LowerFolders(layers.map((path) => Directory.open(path)));
  }

  [Symbol.dispose](): void {
    for (const folder of this.#folders) folder[Symbol.dispose]();
  }

  find(name: Uint8Array): Below | undefined {
    const folders: Directory[] = [];
    let found: { readonly facts: FileFacts; readonly dir: number } | undefined;
    for (const { fd } of this.#folders) {
      const facts = factsOf(fd, name);
      if (!facts) continue;
      if (facts.type !== FILE_TYPE.directory) {
        if (!isWhiteout(facts)) found ??= { facts, dir: fd };
        break;
      }
      found ??= { facts, dir: fd };
      folders.push(new Directory(openAt(fd, name, { flags: O.directory | O.nofollow })));
      if (getXattrAt(fd, name, 'trusted.overlay.opaque')?.toString() === 'y') break;
    }
    if (!found) return undefined;
    const { facts, dir } = found;
    const below = new LowerFolders(folders);
    return { facts, folders: below, capability: () => getXattrAt(dir, name, 'security.capability'), [Symbol.dispose]: () => below[Symbol.dispose]() };
  }

  /** All names that are seen here, as byte strings. */
  names(): string[] {
    const seen = new Map<string, boolean>();
    for (const { fd } of this.#folders) {
      for (const name of namesIn(fd)) {
        const text = nameText(name);
        if (!seen.has(text)) seen.set(text, !isWhiteout(statAt(fd, name)));
      }
    }
    return [...seen].filter(([, isThere]) => isThere).map(([name]) => name);
  }
}

function factsOf(dir: number, name: Uint8Array): FileFacts | undefined {
  try {
    return statAt(dir, name);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** overlayfs' mark for what is gone. */
export function isWhiteout({ type, device }: FileFacts): boolean {
  return type === FILE_TYPE.character && device.major === 0 && device.minor === 0;
}
