import type { Log } from '#base/log.ts';
import { isKind } from '#base/errors.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Leases } from '#parts/content/leases.ts';
import type { Digest } from '#parts/oci/digest.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { LayerBlobs } from './layer-blobs.ts';

interface Parts {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly leases: Leases;
  readonly log: Log;
}

/**
 * Removes layers and blobs that nothing needs: no image, no container's root, no operation in flight. What is decided
 * here is done in the same turn of the event loop, so that no operation can begin to need it in between.
 */
export class ImageGarbage {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * After an image has gone: its layers from the top down to the first that is needed, then its blobs.
   *
   * @returns what went, the topmost first
   */
  async afterRemoval(image: Pick<StoredImage, 'id' | 'document' | 'chain' | 'manifest'>): Promise<{ readonly chainId: Digest; readonly sizeBytes: number }[]> {
    const { diffIds } = image.document;
    const removed = await this.removeLayers(image.chain);
    await this.removeBlobs([image.id, image.manifest, ...diffIds.flatMap((diffId) => this.#parts.blobs.digestsOf(diffId))]);
    return removed;
  }

  /** Of one stack, lowest first; what is above the first needed one goes. */
  async removeLayers(chain: readonly Digest[]): Promise<{ readonly chainId: Digest; readonly sizeBytes: number }[]> {
    const { snapshots, leases } = this.#parts;
    const removed: { chainId: Digest; sizeBytes: number }[] = [];
    for (const chainId of chain.toReversed()) {
      const layer = snapshots.findLayer(chainId);
      if (!layer) continue;
      if (leases.holds(chainId) || this.#chainsOfImages().has(chainId)) break;
      try {
        await snapshots.removeLayer(chainId);
      } catch (thrown) {
        if (!isKind(thrown, 'conflict')) throw thrown;
        break;
      }
      removed.push({ chainId, sizeBytes: layer.sizeBytes });
    }
    return removed;
  }

  /** Those of the given blobs that nothing needs. @returns how many bytes they had */
  async removeBlobs(digests: readonly Digest[]): Promise<number> {
    const { content, leases, blobs } = this.#parts;
    const needed = this.#neededBlobs();
    const going: Promise<void>[] = [];
    let reclaimedBytes = 0;
    for (const digest of new Set(digests)) {
      if (leases.holds(digest) || needed.has(digest)) continue;
      blobs.forget(digest);
      reclaimedBytes += content.find(digest)?.sizeBytes ?? 0;
      going.push(content.delete(digest));
    }
    await Promise.all(going);
    return reclaimedBytes;
  }

  /**
   * Everything that nothing needs and that is older than `graceMs`: a killed pull's blobs are young, and the next try
   * goes on with them.
   */
  async collect(graceMs: number): Promise<number> {
    const { content, snapshots, records, log } = this.#parts;
    const oldest = Date.now() - graceMs;
    let reclaimedBytes = 0;
    for (const { chainId, sizeBytes } of this.#unneededLayers(oldest)) {
      const [gone] = await this.removeLayers([chainId]);
      if (gone) reclaimedBytes += sizeBytes;
    }
    const needed = this.#neededBlobs();
    const idle = (await content.list()).filter((digest) => !needed.has(digest) && (content.find(digest)?.storedAt.getTime() ?? 0) <= oldest);
    reclaimedBytes += await this.removeBlobs(idle);
    if (reclaimedBytes > 0) log.info('removed what no image needs', { bytes: reclaimedBytes, images: records.all().length, layers: snapshots.listLayers().length });
    return reclaimedBytes;
  }

  /** Upper ones before those below them. */
  #unneededLayers(oldest: number): readonly { readonly chainId: Digest; readonly sizeBytes: number }[] {
    const { snapshots } = this.#parts;
    const needed = this.#chainsOfImages();
    const depth = (chainId: string): number => {
      let count = 0;
      for (let layer = snapshots.findLayer(chainId); layer; layer = snapshots.findLayer(layer.parent)) count++;
      return count;
    };
    return snapshots
      .listLayers()
      .filter(({ chainId, storedAt }) => !needed.has(chainId) && storedAt.getTime() <= oldest)
      .sort((a, b) => depth(b.chainId) - depth(a.chainId));
  }

  #chainsOfImages(): Set<string> {
    return new Set(this.#parts.records.all().flatMap(({ chain }) => chain));
  }

  /** Configurations, manifests, and the blobs of every layer that is unpacked here or belongs to an image. */
  #neededBlobs(): Set<string> {
    const { records, snapshots, blobs } = this.#parts;
    const images = records.all();
    const diffIds = new Set<string>([...images.flatMap(({ document }) => document.diffIds), ...snapshots.listLayers().map(({ diffId }) => diffId)]);
    const layers = blobs.all().filter(({ diffId }) => diffIds.has(diffId)).map(({ digest }) => digest);
    const names = images.flatMap(({ id }) => records.namesOf(id).flatMap(({ digest }) => digest ?? []));
    return new Set([...images.flatMap(({ id, manifest }) => [id, manifest]), ...names, ...layers]);
  }
}
