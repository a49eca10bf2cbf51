import type { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Leases } from '#parts/content/leases.ts';
import type { Digest } from '#parts/oci/digest.ts';
import { EMPTY_RUN_CONFIG, imageDocumentBytes } from '#parts/oci/image-document.ts';
import { HOST_PLATFORM, parsePlatform } from '#parts/oci/platform.ts';
import { familiarText, parseReference, withDefaultTag, withTag, type Reference } from '#parts/oci/reference.ts';
import type { ImageCommitter, LayerOfImage } from './image-committer.ts';
import { publishImage } from './image-events.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImportRequest } from './images.ts';
import { applyChanges } from './import-changes.ts';
import { takeLayer } from './layer-intake.ts';

interface Parts {
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly committer: ImageCommitter;
  readonly garbage: ImageGarbage;
  readonly events: Events;
}

/** Makes an image of one layer from a tar of a file system. @returns its id */
export async function importImage(parts: Parts, archive: Readable, request: ImportRequest, cancel: AbortSignal): Promise<string> {
  const name = nameOf(request);
  const config = applyChanges(EMPTY_RUN_CONFIG, request.changes);
  const platform = request.platform === '' ? HOST_PLATFORM : parsePlatform(request.platform);
  const { content, leases, committer, garbage, events } = parts;
  const lease = leases.take();
  const left: Digest[] = [];
  let layer: LayerOfImage | undefined;
  try {
    layer = await takeLayer(archive, { content, lease }, cancel);
    left.push(layer.descriptor.digest);
    const createdAt = new Date();
    const comment = request.message || 'Imported from -';
    const document = {
      ...platform, author: '', comment, config, createdAt, diffIds: [layer.diffId],
      history: [{ createdAt, createdBy: '', author: '', comment, emptyLayer: false }],
    };
    const { digest } = await content.put(imageDocumentBytes(document), (made) => lease.protect(made));
    left.push(digest);
    const image = await committer.commit({ config: digest, manifest: undefined, layers: [layer], parent: '', names: name ? [name] : [] }, lease, cancel);
    if (name) publishImage(events, 'tag', image.id, image, familiarText(name));
    publishImage(events, 'import', image.id, image);
    return image.id;
  } finally {
    lease[Symbol.dispose]();
    if (layer) await garbage.removeLayers([layer.diffId]);
    await garbage.removeBlobs(left);
  }
}

/** @throws {EngineError} `invalid` in Docker's words */
function nameOf({ repository, tag }: ImportRequest): Reference | undefined {
  if (repository === '') return undefined;
  const reference = parseReference(repository);
  if (reference.digest !== undefined) throw new EngineError('invalid', 'cannot import digest reference');
  return withDefaultTag(tag === '' ? reference : withTag(reference, tag));
}
