import { isKind } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { Filters } from '#engine/filters.ts';
import { familiarText } from '#parts/oci/reference.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import { pruneTest } from './image-filter.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { ImageRemover } from './image-remover.ts';
import type { RemovedImage } from './images.ts';

interface Parts {
  readonly records: ImageRecords;
  readonly remover: ImageRemover;
  readonly garbage: ImageGarbage;
  readonly snapshots: Pick<Snapshotter, 'findLayer'>;
  readonly events: Events;
}

/** Removes images without a name, or with `dangling=false` all that no container uses. */
export async function pruneImages(parts: Parts, filters: Filters): Promise<{ removed: readonly RemovedImage[]; reclaimedBytes: number }> {
  const { records, garbage, events, snapshots } = parts;
  const { danglingOnly, fits } = pruneTest(filters);
  const top = records.all().filter((image) => fits(image) && (records.namesOf(image.id).length > 0 || !records.hasChildren(image.id)));
  const sizes = new Map(records.all().flatMap(({ chain }) => chain.map((chainId) => [chainId, snapshots.findLayer(chainId)?.sizeBytes ?? 0])));
  const removed: RemovedImage[] = [];
  for (const image of top) removed.push(...(await pruneOne(parts, image, danglingOnly)));
  // What a failed or killed operation has left counts too: nobody comes back for it once this is asked for.
  const rest = await garbage.collect(0);
  const reclaimedBytes = removed.reduce((sum, each) => sum + ('deleted' in each ? (sizes.get(each.deleted as `sha256:${string}`) ?? 0) : 0), rest);
  events.publish({ type: 'image', action: 'prune', actorId: '', attributes: { reclaimed: String(reclaimedBytes) } });
  return { removed, reclaimedBytes };
}

async function pruneOne({ records, remover }: Parts, image: StoredImage, danglingOnly: boolean): Promise<RemovedImage[]> {
  const names = records.namesOf(image.id);
  if (danglingOnly && names.some(({ digest }) => digest === undefined)) return [];
  const refs = names.length > 0 ? names.map(familiarText) : [image.id];
  const removed: RemovedImage[] = [];
  for (const ref of refs) {
    try {
      removed.push(...(await remover.remove(ref, { force: false, noPrune: false })));
    } catch (thrown) {
      // In use, or gone with a name before: a prune takes what it can.
      if (!isKind(thrown, 'conflict') && !isKind(thrown, 'not-found')) throw thrown;
    }
  }
  return removed;
}
