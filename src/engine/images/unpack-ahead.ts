import type { Blob } from '#parts/content/blob-writer.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Digest } from '#parts/oci/digest.ts';
import type { Snapshotter, StagedLayer } from '#parts/snapshots/snapshotter.ts';
import type { LayerBlobs } from './layer-blobs.ts';

interface Parts {
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly blobs: LayerBlobs;
}

/**
 * Unpacks the layers of an archive while the rest of it still comes, before the archive's own list (which is at its end)
 * says what they are. What nobody has taken in the end goes.
 */
export class UnpackAhead implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  readonly #staged = new Map<Digest, Promise<StagedLayer | undefined>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Told of each file of the archive that has arrived; `looksLikeLayer` is a guess from its first bytes. */
  arrived({ digest }: Blob, looksLikeLayer: boolean): void {
    const { content, snapshots, blobs } = this.#parts;
    if (!looksLikeLayer || this.#staged.has(digest)) return;
    // A layer that is unpacked here already will not be wanted again.
    const known = new Set<string>([digest, ...blobs.all().filter((blob) => blob.digest === digest).map(({ diffId }) => diffId)]);
    if (snapshots.listLayers().some(({ diffId }) => known.has(diffId))) return;
    const staged = snapshots.stageLayer({ source: content.path(digest), digest }, this.#stop.signal);
    // Whoever takes it meets the failure; a file that was no layer after all has none.
    staged.catch(() => undefined);
    this.#staged.set(digest, staged);
  }

  /** The blob, unpacked; it belongs to the caller. undefined where nothing was begun. */
  take(digest: Digest): Promise<StagedLayer | undefined> | undefined {
    const staged = this.#staged.get(digest);
    this.#staged.delete(digest);
    return staged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the archive has been read'));
    for (const staged of this.#staged.values()) await (await staged.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
