import { mkdirSync } from 'node:fs';
import { EngineError } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import { unmount } from '#parts/host/mounts.ts';
import { mountOverlay } from '#parts/host/overlay.ts';
import type { LayeredTree } from '#parts/archive/changes.ts';
import type { LayerWorkers } from '#parts/layers/layer-workers.ts';
import type { UnpackLimits } from '#parts/layers/unpack.ts';
import { LayerStore } from './layer-store.ts';
import { isMountPoint, RootFolders, type RootPaths } from './root-folders.ts';
import type { BlobFile, Layer, NewLayer, Snapshotter, StagedLayer } from './snapshotter.ts';

export interface SnapshotterParts {
  /** `layers/` and `containers/` below the data root. */
  readonly layersRoot: string;
  readonly containersRoot: string;
  readonly workers: LayerWorkers;
  readonly log: Log;
  readonly limits?: UnpackLimits;
}

/** Roots by the kernel's overlayfs: layers are shared, and a root is there in a fraction of a millisecond. */
export class OverlaySnapshotter implements Snapshotter {
  readonly driver = 'overlay2';
  readonly #workers: LayerWorkers;
  readonly #layers: LayerStore;
  readonly #roots: RootFolders;
  readonly #mounting = new KeyedLock();
  readonly #holders = new Map<string, number>();

  private constructor(workers: LayerWorkers, layers: LayerStore, roots: RootFolders) {
    this.#workers = workers;
    this.#layers = layers;
    this.#roots = roots;
  }

  static open({ containersRoot, ...parts }: SnapshotterParts): OverlaySnapshotter {
    const roots = new RootFolders(containersRoot);
    return new OverlaySnapshotter(parts.workers, LayerStore.open({ ...parts, usedByContainers: () => roots.used() }), roots);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
  }

  findLayer(chainId: string): Layer | undefined {
    return this.#layers.find(chainId);
  }

  listLayers(): readonly Layer[] {
    return this.#layers.list();
  }

  addLayer(layer: NewLayer, cancel: AbortSignal): Promise<Layer> {
    return this.#layers.add(layer, cancel);
  }

  warm(): void {
    this.#workers.warm();
  }

  stageLayer(source: BlobFile, cancel: AbortSignal): Promise<StagedLayer> {
    return this.#layers.stage(source, cancel);
  }

  removeLayer(chainId: string): Promise<void> {
    return this.#layers.remove(chainId);
  }

  async prepare(containerId: string, chainId: string): Promise<void> {
    // Answers whether all of the stack is there.
    this.#layers.stack(chainId);
    const paths = this.#roots.of(containerId);
    this.#roots.make(paths, chainId, () => {
      mkdirSync(paths.upper, { mode: 0o755 });
      mkdirSync(paths.work, { mode: 0o700 });
    });
  }

  async mount(containerId: string): Promise<string> {
    using _turn = await this.#mounting.hold(containerId);
    const paths = this.#roots.of(containerId);
    const isMounted = isMountPoint(paths.merged, paths.top);
    // Mounted, and nobody here holds it: a container that runs on from before a restart of the engine does.
    const holders = this.#holders.get(containerId) ?? (isMounted ? 1 : 0);
    if (!isMounted) this.#mountNow(paths);
    this.#holders.set(containerId, holders + 1);
    return paths.merged;
  }

  #mountNow(paths: RootPaths): void {
    const lower = this.#layers.paths(this.#roots.chainIdOf(paths));
    if (lower.length === 0) lower.push(this.#layers.empty);
    // what lies in the upper folder is then what was written, with nothing to be looked up elsewhere (`changeTree`)
    const options = { redirect_dir: 'off', metacopy: 'off' };
    mountOverlay({ target: paths.merged, lower, upper: paths.upper, work: paths.work, options });
  }

  async unmount(containerId: string): Promise<void> {
    using _turn = await this.#mounting.hold(containerId);
    const holders = (this.#holders.get(containerId) ?? 1) - 1;
    if (holders > 0) {
      this.#holders.set(containerId, holders);
      return;
    }
    this.#holders.delete(containerId);
    await unmount(this.#roots.of(containerId).merged, { detach: true });
  }

  async remove(containerId: string): Promise<void> {
    using _turn = await this.#mounting.hold(containerId);
    this.#holders.delete(containerId);
    const paths = this.#roots.of(containerId);
    if (isMountPoint(paths.merged, paths.top)) await unmount(paths.merged, { detach: true });
    // Nothing may be removed through a mount that is still there.
    if (isMountPoint(paths.merged, paths.top)) throw new EngineError('conflict', `the root of container ${containerId} is still mounted`);
    if (!this.#roots.removeQuickly(paths.top)) await this.#workers.removeTree(paths.top);
  }

  usedByContainers(): ReadonlySet<string> {
    return this.#roots.used();
  }

  rootOf(containerId: string): string {
    return this.#roots.of(containerId).merged;
  }

  facts(containerId: string): { driver: string; facts: Record<string, string> } {
    const paths = this.#roots.of(containerId);
    const lower = this.#layers.paths(this.#roots.chainIdOf(paths));
    return { driver: this.driver, facts: { ID: containerId, LowerDir: lower.join(':'), MergedDir: paths.merged, UpperDir: paths.upper, WorkDir: paths.work } };
  }

  changeTree(containerId: string): LayeredTree {
    const paths = this.#roots.of(containerId);
    return { upper: paths.upper, lower: this.#layers.paths(this.#roots.chainIdOf(paths)), complete: false };
  }

  async sizes(containerId: string): Promise<{ writableBytes: number; rootfsBytes: number }> {
    const paths = this.#roots.of(containerId);
    const writableBytes = await this.#workers.measureTree(paths.upper);
    const below = this.#layers.stack(this.#roots.chainIdOf(paths)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return { writableBytes, rootfsBytes: writableBytes + below };
  }
}
