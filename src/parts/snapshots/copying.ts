import { existsSync } from 'node:fs';
import { EngineError } from '#base/errors.ts';
import type { LayeredTree } from '#parts/archive/changes.ts';
import type { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { LayerStore } from './layer-store.ts';
import type { SnapshotterParts } from './overlay.ts';
import { RootFolders } from './root-folders.ts';
import type { BlobFile, Layer, NewLayer, Snapshotter, StagedLayer } from './snapshotter.ts';

/**
 * Roots by copying: every container has all of its files. For file systems that overlayfs cannot stand on, such as an
 * overlay itself; slow, and as large as it looks.
 */
export class CopyingSnapshotter implements Snapshotter {
  readonly driver = 'vfs';
  readonly #workers: LayerWorkers;
  readonly #layers: LayerStore;
  readonly #roots: RootFolders;

  private constructor(workers: LayerWorkers, layers: LayerStore, roots: RootFolders) {
    this.#workers = workers;
    this.#layers = layers;
    this.#roots = roots;
  }

  static open({ containersRoot, ...parts }: SnapshotterParts): CopyingSnapshotter {
    const roots = new RootFolders(containersRoot);
    return new CopyingSnapshotter(parts.workers, LayerStore.open({ ...parts, usedByContainers: () => roots.used() }), roots);
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
    const layers = this.#layers.paths(chainId).toReversed();
    const paths = this.#roots.of(containerId);
    // From here on the link keeps the layers from being removed.
    this.#roots.make(paths, chainId, () => undefined);
    try {
      await this.#workers.mergeTrees(layers, paths.merged);
    } catch (thrown) {
      await this.#workers.removeTree(paths.top);
      throw thrown;
    }
  }

  async mount(containerId: string): Promise<string> {
    const { merged } = this.#roots.of(containerId);
    if (!existsSync(merged)) throw new EngineError('not-found', `container ${containerId} has no root`);
    return merged;
  }

  /** Nothing is mounted. */
  async unmount(): Promise<void> {}

  async remove(containerId: string): Promise<void> {
    const { top } = this.#roots.of(containerId);
    if (!this.#roots.removeQuickly(top)) await this.#workers.removeTree(top);
  }

  usedByContainers(): ReadonlySet<string> {
    return this.#roots.used();
  }

  rootOf(containerId: string): string {
    return this.#roots.of(containerId).merged;
  }

  facts(): { driver: string; facts: Record<string, string> } {
    return { driver: this.driver, facts: {} };
  }

  changeTree(containerId: string): LayeredTree {
    const paths = this.#roots.of(containerId);
    return { upper: paths.merged, lower: this.#layers.paths(this.#roots.chainIdOf(paths)), complete: true };
  }

  /** All of it is the container's own. */
  async sizes(containerId: string): Promise<{ writableBytes: number; rootfsBytes: number }> {
    const sizeBytes = await this.#workers.measureTree(this.#roots.of(containerId).merged);
    return { writableBytes: sizeBytes, rootfsBytes: sizeBytes };
  }
}
