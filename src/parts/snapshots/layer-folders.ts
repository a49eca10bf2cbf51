import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, EngineError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { syncFolder, writeFileDurably } from '#base/write-file.ts';
import { chainIdsOf, hexOf, isDigest, type Digest } from '#parts/oci/digest.ts';
import type { Layer } from './snapshotter.ts';

const NEW = '.new-';
const GONE = '.gone-';
const EMPTY = '.empty';
const FACTS = 'layer.json';

/**
 * The unpacked layers on disk, one folder per chain id:
 *
 *     <chain id hex>/fs          the files
 *     <chain id hex>/layer.json  what it is
 *     .new-<random>/             being made
 *     .gone-<random>/            being removed
 *     .empty/                    below a container that has no image
 *
 * A folder appears by one rename when all of it is on the disk, and goes by one rename before its files do.
 */
export class LayerFolders {
  readonly #root: string;
  readonly #layers = new Map<string, Layer>();
  readonly #children = new Map<string, number>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** @returns with the folders that a dead engine left, for the caller to remove */
  static open(root: string, log: Log): { readonly folders: LayerFolders; readonly rests: readonly string[] } {
    mkdirSync(join(root, EMPTY), { recursive: true, mode: 0o711 });
    const folders = new LayerFolders(root);
    const rests: string[] = [];
    for (const name of readdirSync(root)) {
      if (name === EMPTY) continue;
      const layer = name.startsWith('.') ? undefined : folders.#read(name, log);
      if (layer) folders.#remember(layer);
      else rests.push(join(root, name));
    }
    return { folders, rests };
  }

  find(chainId: string): Layer | undefined {
    return this.#layers.get(chainId);
  }

  list(): readonly Layer[] {
    return [...this.#layers.values()];
  }

  hasChildren(chainId: string): boolean {
    return this.#children.has(chainId);
  }

  /** The files of one layer. */
  files(chainId: Digest): string {
    return join(this.#root, hexOf(chainId), 'fs');
  }

  get empty(): string {
    return join(this.#root, EMPTY);
  }

  /** From the given one down to the lowest. @throws {EngineError} `not-found` where one is missing */
  stack(chainId: string): readonly Layer[] {
    const stack: Layer[] = [];
    for (let next = chainId; next !== ''; ) {
      const layer = this.#layers.get(next);
      if (!layer) throw new EngineError('not-found', `layer ${next} does not exist`);
      stack.push(layer);
      next = layer.parent;
    }
    return stack;
  }

  /** A place to unpack into: `fs` in it is empty. */
  begin(): { readonly folder: string; readonly files: string } {
    const folder = join(this.#root, NEW + randomBytes(8).toString('hex'));
    const files = join(folder, 'fs');
    mkdirSync(folder, { mode: 0o711 });
    mkdirSync(files, { mode: 0o755 });
    return { folder, files };
  }

  /** Puts what was unpacked into its place. Its files lie on the disk already. */
  async commit(folder: string, layer: Layer): Promise<void> {
    await writeFileDurably(join(folder, FACTS), JSON.stringify(layer));
    renameSync(folder, join(this.#root, hexOf(layer.chainId)));
    this.#remember(layer);
    await syncFolder(this.#root);
  }

  /** Takes a layer out of sight. @returns the folder that is left to be removed */
  async forget(layer: Layer): Promise<string> {
    const gone = join(this.#root, GONE + randomBytes(8).toString('hex'));
    renameSync(join(this.#root, hexOf(layer.chainId)), gone);
    this.#layers.delete(layer.chainId);
    this.#count(layer.parent, -1);
    await syncFolder(this.#root);
    return gone;
  }

  #remember(layer: Layer): void {
    this.#layers.set(layer.chainId, layer);
    this.#count(layer.parent, 1);
  }

  #count(parent: string, change: number): void {
    if (parent === '') return;
    const count = (this.#children.get(parent) ?? 0) + change;
    if (count > 0) this.#children.set(parent, count);
    else this.#children.delete(parent);
  }

  #read(name: string, log: Log): Layer | undefined {
    try {
      const { chainId, diffId, parent, sizeBytes, storedAt } = JSON.parse(readFileSync(join(this.#root, name, FACTS), 'utf8')) as Layer;
      const isWhole = isDigest(chainId) && isDigest(diffId) && (parent === '' || isDigest(parent)) && Number.isSafeInteger(sizeBytes);
      if (isWhole && hexOf(chainId) === name && chainIdOver(parent, diffId) === chainId) {
        return { chainId, diffId, parent, sizeBytes, storedAt: new Date(storedAt) };
      }
      log.warn('a layer folder is not what its name says: removing it', { folder: name });
    } catch (thrown) {
      if (!(thrown instanceof SyntaxError) && codeOf(thrown) !== 'ENOENT' && codeOf(thrown) !== 'ENOTDIR') throw thrown;
      log.warn('a layer folder is not whole: removing it', { folder: name });
    }
    return undefined;
  }
}

/** The name of the stack that a layer makes on top of another. */
export function chainIdOver(parent: Digest | '', diffId: Digest): Digest {
  if (parent === '') return diffId;
  // The chain id of two layers is made of the lower one's chain id alone.
  return chainIdsOf([parent, diffId])[1] as Digest;
}
