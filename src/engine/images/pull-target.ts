import { repositoryOf, withDigest } from '#parts/oci/reference.ts';
import type { ImageCommitter } from './image-committer.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageRecords } from './image-records.ts';
import type { ImageTarget } from './pull-image.ts';

interface Parts {
  readonly records: ImageRecords;
  readonly committer: ImageCommitter;
  readonly garbage: Pick<ImageGarbage, 'collect'>;
}

/** The image store as a pull sees it. */
export function pullTarget({ records, committer, garbage }: Parts): ImageTarget {
  return {
    find: (reference) => {
      const image = records.findByName(reference);
      return image && { id: image.id, platform: image.document, labels: image.document.config.labels };
    },
    has: (imageId) => records.find(imageId) !== undefined,
    commit: async ({ reference, rootDigest, manifestDigest, manifest, document }, lease, cancel) => {
      const layers = manifest.layers.flatMap((descriptor, index) => {
        const diffId = document.diffIds[index];
        return diffId ? [{ descriptor, diffId }] : [];
      });
      const byDigest = withDigest(repositoryOf(reference), rootDigest);
      const names = reference.digest === undefined ? [reference, byDigest] : [byDigest];
      await committer.commit({ config: manifest.config.digest, manifest: manifestDigest, layers, parent: '', names }, lease, cancel);
    },
    freeSpace: async () => void (await garbage.collect(0)),
  };
}
