import type { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease, Leases } from '#parts/content/leases.ts';
import { chainIdsOf } from '#parts/oci/digest.ts';
import { parseImageDocument } from '#parts/oci/image-document.ts';
import { MAX_DOCUMENT_BYTES } from '#parts/oci/json-fields.ts';
import { formatPlatform, HOST_PLATFORM, parsePlatform, platformRank, type Platform } from '#parts/oci/platform.ts';
import { familiarText } from '#parts/oci/reference.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import { ArchiveFiles, takeArchive } from './archive-files.ts';
import { dockerArchiveImages } from './docker-archive.ts';
import type { CommitRequest, ImageCommitter } from './image-committer.ts';
import { publishImage } from './image-events.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageRecords } from './image-records.ts';
import type { Report } from './images.ts';
import type { LayerBlobs } from './layer-blobs.ts';
import { ociLayoutImages } from './oci-layout.ts';
import { UnpackAhead } from './unpack-ahead.ts';

interface Parts {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly leases: Leases;
  readonly committer: ImageCommitter;
  readonly garbage: ImageGarbage;
  readonly events: Events;
  readonly log: Log;
}

/** Reads archives of images. Nothing in one is believed before it has been checked. */
export class ImageLoader {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Loads a docker-archive or an OCI layout. An image that is whole stays, also where a later one of the archive fails;
   * nothing else does.
   *
   * @returns the names of what was loaded, or the id of an image without one
   */
  async load(archive: Readable, options: { readonly platform: string }, report: Report, cancel: AbortSignal): Promise<string[]> {
    const { content, leases, garbage } = this.#parts;
    const platform = options.platform === '' ? undefined : parsePlatform(options.platform);
    const files = new ArchiveFiles(content);
    const layers = new Set<CommitRequest>();
    const lease = leases.take();
    await using ahead = new UnpackAhead(this.#parts);
    try {
      await takeArchive(archive, files, { content, lease, ahead }, report, cancel);
      const images = await this.#imagesOf(files, platform);
      images.forEach((image) => layers.add(image));
      const loaded: string[] = [];
      for (const image of images) loaded.push(...(await this.#store({ ...image, ahead }, lease, report, cancel)));
      ahead.dropRest();
      return loaded;
    } finally {
      lease[Symbol.dispose]();
      for (const image of layers) await garbage.removeLayers(chainIdsOf(image.layers.map(({ diffId }) => diffId)));
      await garbage.removeBlobs(files.digests());
    }
  }

  async #imagesOf(files: ArchiveFiles, platform: Platform | undefined): Promise<CommitRequest[]> {
    const { content } = this.#parts;
    const images = await this.#listed(files, platform);
    if (!platform) return images;
    const fitting: CommitRequest[] = [];
    for (const image of images) {
      const document = parseImageDocument(await content.bytes(image.config, MAX_DOCUMENT_BYTES));
      if (platformRank(platform, document) !== undefined) fitting.push(image);
    }
    if (fitting.length === 0) throw new EngineError('not-found', `requested platform (${formatPlatform(platform)}) not found in the archive`);
    return fitting;
  }

  async #listed(files: ArchiveFiles, platform: Platform | undefined): Promise<CommitRequest[]> {
    if (files.find('manifest.json')) return await dockerArchiveImages(files, this.#parts.content);
    if (files.find('index.json')) return await ociLayoutImages(files, platform ?? HOST_PLATFORM);
    if (files.find('repositories')) throw new EngineError('invalid', 'the archive was made by a Docker before 1.10, which is not supported: load and save it with a newer one');
    throw new EngineError('invalid', 'the archive holds no image: it has neither a manifest.json nor an index.json');
  }

  async #store(request: CommitRequest, lease: Lease, report: Report, cancel: AbortSignal): Promise<string[]> {
    const { records, committer, events } = this.#parts;
    for (const name of request.names) {
      const old = records.findByName(name);
      if (old && old.id !== request.config) {
        report({ id: '', notice: true, status: `The image ${familiarText(name)} already exists, renaming the old one with ID ${old.id} to empty string` });
      }
    }
    const image = await committer.commit(request, lease, cancel);
    const names = request.names.map(familiarText);
    publishImage(events, 'load', image.id, image);
    return names.length > 0 ? names : [image.id];
  }
}
