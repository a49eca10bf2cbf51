import { EngineError } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { DEFAULT_LIMITS, type Unpacked, type UnpackLimits } from '#parts/layers/unpack.ts';
import { verifyDigest, type Digest } from '#parts/oci/digest.ts';
import { fillImpliedFolders } from './implied-folders.ts';
import { LayerFolders } from './layer-folders.ts';
import type { BlobFile, Layer, NewLayer, StagedLayer } from './snapshotter.ts';

interface Parts {
  readonly layersRoot: string;
  readonly workers: LayerWorkers;
  readonly log: Log;
  readonly limits?: UnpackLimits | undefined;
  /** Chain ids that containers' roots stand on. */
  readonly usedByContainers: () => ReadonlySet<string>;
}

/** Unpacked layers, each with its own changes alone, in the form that overlayfs reads. All drivers keep them so. */
export class LayerStore {
  readonly #parts: Parts;
  readonly #folders: LayerFolders;
  readonly #adding = new KeyedLock();

  private constructor(parts: Parts, folders: LayerFolders) {
    this.#parts = parts;
    this.#folders = folders;
  }

  /** What a dead engine left half-made is removed meanwhile. */
  static open(parts: Parts): LayerStore {
    const { folders, rests } = LayerFolders.open(parts.layersRoot, parts.log);
    for (const rest of rests) {
      parts.workers.removeTree(rest).catch((thrown: unknown) => parts.log.warn('cannot remove the rest of a layer', { folder: rest, error: thrown }));
    }
    return new LayerStore(parts, folders);
  }

  find(chainId: string): Layer | undefined {
    return this.#folders.find(chainId);
  }

  list(): readonly Layer[] {
    return this.#folders.list();
  }

  /** From the given one down to the lowest. @throws {EngineError} `not-found` where one is missing */
  stack(chainId: string): readonly Layer[] {
    return this.#folders.stack(chainId);
  }

  /** The files of a stack, the topmost first. */
  paths(chainId: string): string[] {
    return this.#folders.stack(chainId).map((layer) => this.#folders.files(layer.chainId));
  }

  /** A folder with nothing in it. */
  get empty(): string {
    return this.#folders.empty;
  }

  /** @see Snapshotter.addLayer */
  async add(wanted: NewLayer, cancel: AbortSignal): Promise<Layer> {
    using _turn = await this.#adding.hold(wanted.chainId, cancel);
    const there = this.#folders.find(wanted.chainId);
    if (there) {
      await wanted.staged?.[Symbol.asyncDispose]();
      return there;
    }
    await using staged = wanted.staged instanceof Staged ? wanted.staged : new Staged(this.#folders.begin(), this.#parts.workers);
    const { chainId, digest, diffId, parent } = wanted;
    const unpacked = staged.unpacked ?? (await this.#unpack(wanted, staged, cancel));
    await wanted.parentReady;
    cancel.throwIfAborted();
    verifyDigest('layer', digest, unpacked.digest);
    verifyDigest('unpacked layer', diffId, unpacked.diffId);
    fillImpliedFolders(staged.place.files, unpacked.impliedFolders, this.paths(parent));
    const layer: Layer = { chainId, diffId, parent, sizeBytes: unpacked.sizeBytes, storedAt: new Date() };
    await this.#folders.commit(staged.place.folder, layer);
    staged.isPlaced = true;
    return layer;
  }

  /** The files do not need the layer below, so both come at once. Its failure ends this one too. */
  async #unpack(wanted: NewLayer, { place }: Staged, cancel: AbortSignal): Promise<Unpacked> {
    const { source, digest, diffId } = wanted;
    const belowFailed = new AbortController();
    wanted.parentReady.catch((thrown: unknown) => belowFailed.abort(thrown));
    const job = { source, folder: place.files, digest, diffId, limits: this.#limits };
    return await this.#parts.workers.unpack(job, AbortSignal.any([cancel, belowFailed.signal]));
  }

  /** @see Snapshotter.stageLayer */
  async stage({ path: source, growth }: BlobFile, cancel: AbortSignal): Promise<StagedLayer> {
    const staged = new Staged(this.#folders.begin(), this.#parts.workers);
    try {
      const job = { source, folder: staged.place.files, digest: undefined, diffId: undefined, limits: this.#limits, ...(growth && { growth: growth.memory }) };
      staged.unpacked = await this.#parts.workers.unpack(job, cancel);
      return staged;
    } catch (thrown) {
      await staged[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** @throws {EngineError} `conflict` while a layer or a container's root stands on it */
  async remove(chainId: string): Promise<void> {
    const layer = this.#folders.find(chainId);
    if (!layer) return;
    if (this.#folders.hasChildren(chainId)) throw new EngineError('conflict', `layer ${chainId} has layers above it`);
    if (this.#parts.usedByContainers().has(chainId)) throw new EngineError('conflict', `layer ${chainId} is the root of a container`);
    await this.#parts.workers.removeTree(await this.#folders.forget(layer));
  }

  get #limits(): UnpackLimits {
    return this.#parts.limits ?? DEFAULT_LIMITS;
  }
}

/** A folder that a layer is unpacked into. Disposed, it goes, unless it has been put into its place. */
class Staged implements StagedLayer {
  readonly place: { readonly folder: string; readonly files: string };
  readonly #workers: LayerWorkers;
  unpacked: Unpacked | undefined;
  isPlaced = false;

  constructor(place: { readonly folder: string; readonly files: string }, workers: LayerWorkers) {
    this.place = place;
    this.#workers = workers;
  }

  get digest(): Digest {
    return this.#done.digest;
  }

  get diffId(): Digest {
    return this.#done.diffId;
  }

  get #done(): Unpacked {
    if (!this.unpacked) throw new Error('the layer is not unpacked yet');
    return this.unpacked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isPlaced) return;
    this.isPlaced = true;
    await this.#workers.removeTree(this.place.folder);
  }
}
