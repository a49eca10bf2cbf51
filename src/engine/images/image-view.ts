import { familiarText } from '#parts/oci/reference.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { HistoryEntry, Image } from './images.ts';

/** An image as the rest of the engine sees it. */
export function imageView(stored: StoredImage, records: ImageRecords, snapshots: Pick<Snapshotter, 'findLayer'>): Image {
  const { document, chain } = stored;
  const names = records.namesOf(stored.id);
  const sizes = chain.map((chainId) => snapshots.findLayer(chainId)?.sizeBytes ?? 0);
  return {
    id: stored.id,
    repoTags: names.filter(({ digest }) => digest === undefined).map(familiarText),
    repoDigests: names.filter(({ digest }) => digest !== undefined).map(familiarText),
    parent: stored.parent,
    comment: document.comment,
    author: document.author,
    createdAt: document.createdAt,
    architecture: document.architecture,
    variant: document.variant,
    os: document.os,
    osVersion: document.osVersion,
    config: document.config,
    diffIds: document.diffIds,
    chainId: chain.at(-1) ?? '',
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    lastTaggedAt: stored.lastTaggedAt,
    history: historyWithSizes(stored, sizes),
  };
}

function historyWithSizes({ document }: StoredImage, sizes: readonly number[]): HistoryEntry[] {
  let layer = 0;
  return document.history.map((entry) => ({ ...entry, sizeBytes: entry.emptyLayer ? 0 : (sizes[layer++] ?? 0) }));
}

/**
 * The history with ids and tags, newest first. Only the steps whose images are here have an id; the others are
 * `<missing>`, as with Docker.
 */
export function imageHistory(image: Image, records: ImageRecords): (HistoryEntry & { id: string; tags: readonly string[] })[] {
  const entries = image.history.toReversed().map((entry) => ({ ...entry, id: '<missing>', tags: [] as readonly string[] }));
  let step = records.find(image.id);
  for (let index = 0; index < entries.length && step; index++) {
    const entry = entries[index];
    const { id, parent } = step;
    const tags = records.namesOf(id).filter(({ digest }) => digest === undefined);
    if (entry) entries[index] = { ...entry, id, tags: tags.map(familiarText) };
    step = records.find(parent);
  }
  return entries;
}
