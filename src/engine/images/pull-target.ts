import type { ContentStore } from '#parts/content/content-store.ts';
import type { Digest } from '#parts/oci/digest.ts';
import { repositoryOf, withDigest, type Reference } from '#parts/oci/reference.ts';
import type { ImageRecords } from './image-records.ts';
import type { LayerBlobs } from './layer-blobs.ts';
import type { ImageTarget, KnownImage, PulledImage } from './pull-image.ts';

interface Parts {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly content: Pick<ContentStore, 'has'>;
}

/** Gives a pull the engine's own image records to end in. */
export class PullTarget implements ImageTarget {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  find(reference: Reference): KnownImage | undefined {
    const image = this.#parts.records.findByName(reference);
    return image && { id: image.id, platform: image.document, labels: image.document.config.labels };
  }

  has(imageId: Digest): boolean {
    return this.#parts.records.find(imageId) !== undefined;
  }

  commit({ reference, rootDigest, manifestDigest, manifest, config, document }: PulledImage): void {
    const { records, blobs, content } = this.#parts;
    const here = manifest.layers.flatMap((descriptor, index) => {
      const diffId = document.diffIds[index];
      // A layer that was unpacked before may have come as another blob.
      return diffId && content.has(descriptor.digest) ? [{ descriptor, diffId }] : [];
    });
    blobs.add(here);
    const repository = repositoryOf(reference);
    const digested = withDigest(repository, rootDigest);
    const names = reference.digest === undefined ? [{ ...repository, tag: reference.tag }, digested] : [digested];
    records.insert({ id: manifest.config.digest, config, manifest: manifestDigest, parent: '', storedAt: new Date() }, names);
  }
}
