import { mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf, EngineError } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import { Directory, removeTreeAt } from '#parts/host/container-root.ts';
import { unmount } from '#parts/host/mounts.ts';
import { mountOverlay } from '#parts/host/overlay.ts';
import type { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { DEFAULT_LIMITS, type Unpacked, type UnpackLimits } from '#parts/layers/unpack.ts';
import { digestOfHex, hexOf, isDigest, verifyDigest, type Digest } from '#parts/oci/digest.ts';
import { fillImpliedFolders } from './implied-folders.ts';
import { LayerFolders } from './layer-folders.ts';
import type { Layer, NewLayer, Snapshotter, StagedLayer } from './snapshotter.ts';

/** Trees up to so many entries are removed at once; handing a larger one to a thread is quicker for everybody else. */
const QUICK_REMOVAL = 256;

interface Parts {
  /** `layers/` and `containers/` below the data root. */
  readonly layersRoot: string;
  readonly containersRoot: string;
  readonly workers: LayerWorkers;
  readonly log: Log;
  readonly limits?: UnpackLimits;
}

interface RootPaths {
  readonly top: string;
  readonly upper: string;
  readonly work: string;
  readonly merged: string;
  /** A symbolic link that names the stack below; none for an empty root. */
  readonly layer: string;
}

/**
 * Layers and roots with the kernel's overlayfs. A container's part lies in `containers/<id>/rootfs/`: `upper` what it
 * wrote, `work` for the kernel, `merged` where it is mounted, `layer` a link to the topmost layer.
 */
export class OverlaySnapshotter implements Snapshotter {
  readonly driver = 'overlay2';
  readonly #parts: Parts;
  readonly #folders: LayerFolders;
  readonly #adding = new KeyedLock();
  readonly #mounting = new KeyedLock();
  readonly #holders = new Map<string, number>();

  private constructor(parts: Parts, folders: LayerFolders) {
    this.#parts = parts;
    this.#folders = folders;
  }

  /** What a dead engine left half-made is removed meanwhile. */
  static open(parts: Parts): OverlaySnapshotter {
    mkdirSync(parts.containersRoot, { recursive: true, mode: 0o711 });
    const { folders, rests } = LayerFolders.open(parts.layersRoot, parts.log);
    for (const rest of rests) {
      parts.workers.removeTree(rest).catch((thrown: unknown) => parts.log.warn('cannot remove the rest of a layer', { folder: rest, error: thrown }));
    }
    return new OverlaySnapshotter(parts, folders);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.workers[Symbol.asyncDispose]();
  }

  findLayer(chainId: string): Layer | undefined {
    return this.#folders.find(chainId);
  }

  listLayers(): readonly Layer[] {
    return this.#folders.list();
  }

  async addLayer(wanted: NewLayer, cancel: AbortSignal): Promise<Layer> {
    using _turn = await this.#adding.hold(wanted.chainId, cancel);
    const there = this.#folders.find(wanted.chainId);
    if (there) {
      await wanted.staged?.[Symbol.asyncDispose]();
      return there;
    }
    await using staged = wanted.staged instanceof Staged ? wanted.staged : new Staged(this.#folders.begin(), this.#parts.workers);
    const { chainId, digest, diffId, parent } = wanted;
    const unpacked = staged.unpacked ?? (await this.#unpackWith(wanted, staged, cancel));
    await wanted.parentReady;
    cancel.throwIfAborted();
    verifyDigest('layer', digest, unpacked.digest);
    verifyDigest('unpacked layer', diffId, unpacked.diffId);
    const below = this.#folders.stack(parent).map((each) => this.#folders.files(each.chainId));
    fillImpliedFolders(staged.place.files, unpacked.impliedFolders, below);
    const layer: Layer = { chainId, diffId, parent, sizeBytes: unpacked.sizeBytes, storedAt: new Date() };
    await this.#folders.commit(staged.place.folder, layer);
    staged.isPlaced = true;
    return layer;
  }

  /** The files do not need the layer below, so both come at once. Its failure ends this one too. */
  async #unpackWith(wanted: NewLayer, { place }: Staged, cancel: AbortSignal): Promise<Unpacked> {
    const { source, digest, diffId } = wanted;
    const belowFailed = new AbortController();
    wanted.parentReady.catch((thrown: unknown) => belowFailed.abort(thrown));
    const job = { source, folder: place.files, digest, diffId, limits: this.#parts.limits ?? DEFAULT_LIMITS };
    return await this.#parts.workers.unpack(job, AbortSignal.any([cancel, belowFailed.signal]));
  }

  warm(): void {
    this.#parts.workers.warm();
  }

  async stageLayer(source: string, cancel: AbortSignal): Promise<Staged> {
    const staged = new Staged(this.#folders.begin(), this.#parts.workers);
    try {
      const job = { source, folder: staged.place.files, digest: undefined, diffId: undefined, limits: this.#parts.limits ?? DEFAULT_LIMITS };
      staged.unpacked = await this.#parts.workers.unpack(job, cancel);
      return staged;
    } catch (thrown) {
      await staged[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async removeLayer(chainId: string): Promise<void> {
    const layer = this.#folders.find(chainId);
    if (!layer) return;
    if (this.#folders.hasChildren(chainId)) throw new EngineError('conflict', `layer ${chainId} has layers above it`);
    if (this.usedByContainers().has(chainId)) throw new EngineError('conflict', `layer ${chainId} is the root of a container`);
    await this.#parts.workers.removeTree(await this.#folders.forget(layer));
  }

  async prepare(containerId: string, chainId: string): Promise<void> {
    // Answers whether all of the stack is there.
    this.#folders.stack(chainId);
    const paths = this.#paths(containerId);
    mkdirSync(paths.top, { recursive: true, mode: 0o710 });
    try {
      if (isDigest(chainId)) symlinkSync(join('../../../layers', hexOf(chainId)), paths.layer);
      for (const folder of [paths.upper, paths.merged]) mkdirSync(folder, { mode: 0o755 });
      mkdirSync(paths.work, { mode: 0o700 });
    } catch (thrown) {
      this.#removeQuickly(paths.top);
      throw thrown;
    }
  }

  async mount(containerId: string): Promise<string> {
    using _turn = await this.#mounting.hold(containerId);
    const paths = this.#paths(containerId);
    const isMounted = isMountPoint(paths.merged, paths.top);
    // Mounted, and nobody here holds it: a container that runs on from before a restart of the engine does.
    const holders = this.#holders.get(containerId) ?? (isMounted ? 1 : 0);
    if (!isMounted) this.#mountNow(paths);
    this.#holders.set(containerId, holders + 1);
    return paths.merged;
  }

  #mountNow(paths: RootPaths): void {
    const lower = this.#folders.stack(this.#chainIdOf(paths)).map(({ chainId }) => this.#folders.files(chainId));
    if (lower.length === 0) lower.push(this.#folders.empty);
    mountOverlay({ target: paths.merged, lower, upper: paths.upper, work: paths.work });
  }

  async unmount(containerId: string): Promise<void> {
    using _turn = await this.#mounting.hold(containerId);
    const holders = (this.#holders.get(containerId) ?? 1) - 1;
    if (holders > 0) {
      this.#holders.set(containerId, holders);
      return;
    }
    this.#holders.delete(containerId);
    await unmount(this.#paths(containerId).merged, { detach: true });
  }

  async remove(containerId: string): Promise<void> {
    using _turn = await this.#mounting.hold(containerId);
    this.#holders.delete(containerId);
    const paths = this.#paths(containerId);
    await unmount(paths.merged, { detach: true });
    // A second mount on the same place cannot be; but nothing may be removed through one.
    if (isMountPoint(paths.merged, paths.top)) throw new EngineError('conflict', `the root of container ${containerId} is still mounted`);
    if (!this.#removeQuickly(paths.top)) await this.#parts.workers.removeTree(paths.top);
  }

  #removeQuickly(path: string): boolean {
    try {
      using folder = Directory.open(dirname(path));
      return removeTreeAt(folder.fd, basename(path), QUICK_REMOVAL);
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return true;
      throw thrown;
    }
  }

  usedByContainers(): ReadonlySet<string> {
    const used = new Set<string>();
    for (const id of readdirSync(this.#parts.containersRoot)) {
      const chainId = this.#chainIdOf(this.#paths(id));
      if (chainId !== '') used.add(chainId);
    }
    return used;
  }

  facts(containerId: string): { driver: string; facts: Record<string, string> } {
    const { upper, work, merged, layer } = this.#paths(containerId);
    const lower = this.#folders.stack(this.#chainIdOf({ layer })).map(({ chainId }) => this.#folders.files(chainId));
    return { driver: this.driver, facts: { ID: containerId, LowerDir: lower.join(':'), MergedDir: merged, UpperDir: upper, WorkDir: work } };
  }

  async sizes(containerId: string): Promise<{ writableBytes: number; rootfsBytes: number }> {
    const paths = this.#paths(containerId);
    const writableBytes = await this.#parts.workers.measureTree(paths.upper);
    const below = this.#folders.stack(this.#chainIdOf(paths)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return { writableBytes, rootfsBytes: writableBytes + below };
  }

  #chainIdOf({ layer }: Pick<RootPaths, 'layer'>): Digest | '' {
    try {
      return digestOfHex(basename(readlinkSync(layer)));
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return '';
      throw thrown;
    }
  }

  #paths(containerId: string): RootPaths {
    const top = join(this.#parts.containersRoot, containerId, 'rootfs');
    return { top, upper: join(top, 'upper'), work: join(top, 'work'), merged: join(top, 'merged'), layer: join(top, 'layer') };
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

/** Compares devices: an overlay has one of its own. */
function isMountPoint(path: string, above: string): boolean {
  const device = (each: string): number | undefined => statSync(each, { throwIfNoEntry: false })?.dev;
  const own = device(path);
  return own !== undefined && own !== device(above);
}
