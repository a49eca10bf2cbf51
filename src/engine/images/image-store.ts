import type { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Filters } from '#engine/filters.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Leases } from '#parts/content/leases.ts';
import { familiarText, parseReference, withDefaultTag, withTag, type Reference } from '#parts/oci/reference.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import { ImageCommitter } from './image-committer.ts';
import { publishImage } from './image-events.ts';
import { filterImages } from './image-filter.ts';
import { getImage } from './image-finder.ts';
import { ImageGarbage } from './image-garbage.ts';
import { importImage } from './image-importer.ts';
import { ImageLoader } from './image-loader.ts';
import { pruneImages } from './image-pruner.ts';
import { ImageRecords, type StoredImage } from './image-records.ts';
import { ImageRemover, type ImageUser, type RemovalOptions } from './image-remover.ts';
import { ImageSaver } from './image-saver.ts';
import { imageHistory, imageView } from './image-view.ts';
import type { HistoryEntry, Image, Images, ImportRequest, RemovedImage, Report } from './images.ts';
import { LayerBlobs } from './layer-blobs.ts';

interface Parts {
  readonly db: DatabaseSync;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly leases: Leases;
  readonly events: Events;
  readonly log: Log;
  /** Containers that were made from an image, stopped ones too. */
  readonly usersOf: (imageId: string) => readonly ImageUser[];
}

/** What a killed pull or load has left is kept so long for the next try. */
const GRACE_MS = 24 * 3600 * 1000;

/** The images of this engine: all that `Images` promises but the pull, which `ImagePuller` adds to it. */
export class ImageStore implements Omit<Images, 'pull'> {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly committer: ImageCommitter;
  readonly garbage: ImageGarbage;
  readonly #parts: Parts;
  readonly #remover: ImageRemover;
  readonly #loader: ImageLoader;
  readonly #saver: ImageSaver;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.records = new ImageRecords(parts.db);
    this.blobs = new LayerBlobs(parts.db, parts.content);
    const own = { ...parts, records: this.records, blobs: this.blobs };
    this.committer = new ImageCommitter(own);
    this.garbage = new ImageGarbage(own);
    const all = { ...own, committer: this.committer, garbage: this.garbage };
    this.#remover = new ImageRemover(all);
    this.#loader = new ImageLoader(all);
    this.#saver = new ImageSaver(all);
  }

  get(ref: string): Image {
    return this.#view(getImage(this.records, ref));
  }

  find(ref: string): Image | undefined {
    try {
      return this.get(ref);
    } catch (thrown) {
      if (thrown instanceof EngineError) return undefined;
      throw thrown;
    }
  }

  list(query: { readonly all: boolean; readonly filters: Filters }): readonly Image[] {
    return filterImages(this.records, query).map(({ image, names }) => {
      const view = this.#view(image);
      if (!query.filters.has('reference')) return view;
      return {
        ...view,
        repoTags: names.filter(({ digest }) => digest === undefined).map(familiarText),
        repoDigests: names.filter(({ digest }) => digest !== undefined).map(familiarText),
      };
    });
  }

  /** The newest step first. */
  history(ref: string): readonly (HistoryEntry & { readonly id: string; readonly tags: readonly string[] })[] {
    return imageHistory(this.get(ref), this.records);
  }

  /** An image and those that it was built on, its own id first. */
  lineageOf(imageId: string): readonly string[] {
    const ids: string[] = [];
    for (let image = this.records.find(imageId); image && !ids.includes(image.id); image = this.records.find(image.parent)) ids.push(image.id);
    return ids;
  }

  /** @returns the names of what was loaded, as `nginx:latest`, or ids of images without one */
  load(archive: Readable, options: { readonly platform: string; readonly quiet: boolean }, report: Report, cancel: AbortSignal): Promise<readonly string[]> {
    const notices: Report = (progress) => {
      if (progress.notice) report(progress);
    };
    return this.#loader.load(archive, options, options.quiet ? notices : report, cancel);
  }

  save(refs: readonly string[], cancel: AbortSignal): Promise<Readable> {
    return this.#saver.save(refs, cancel);
  }

  import(archive: Readable, request: ImportRequest, _report: Report, cancel: AbortSignal): Promise<string> {
    return importImage({ ...this.#parts, committer: this.committer, garbage: this.garbage }, archive, request, cancel);
  }

  /** @throws {EngineError} `not-found`; `invalid` for a name that cannot be given */
  tag(ref: string, repository: string, tag: string): void {
    const image = getImage(this.records, ref);
    const name = nameToGive(repository, tag);
    if (!name) return;
    this.records.name(name, image.id);
    publishImage(this.#parts.events, 'tag', image.id, image, familiarText(name));
  }

  remove(ref: string, options: RemovalOptions): Promise<readonly RemovedImage[]> {
    return this.#remover.remove(ref, options);
  }

  prune(filters: Filters): Promise<{ readonly removed: readonly RemovedImage[]; readonly reclaimedBytes: number }> {
    const { events, snapshots } = this.#parts;
    return pruneImages({ records: this.records, remover: this.#remover, garbage: this.garbage, snapshots, events }, filters);
  }

  /** All layers that are unpacked here. */
  layersBytes(): number {
    return this.#parts.snapshots.listLayers().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Once after the start, when nothing is in flight: what was left behind long ago goes. */
  async sweep(): Promise<void> {
    await this.garbage.collect(GRACE_MS);
  }

  #view(stored: StoredImage): Image {
    return imageView(stored, this.records, this.#parts.snapshots);
  }
}

/** undefined where no repository is given: Docker then does nothing. */
function nameToGive(repository: string, tag: string): Reference | undefined {
  if (repository === '') return undefined;
  const reference = parseReference(repository);
  if (reference.digest !== undefined) throw new EngineError('invalid', 'cannot import digest reference');
  return withDefaultTag(tag === '' ? reference : withTag(reference, tag));
}
