import { EngineError } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Leases } from '#parts/content/leases.ts';
import type { Digest } from '#parts/oci/digest.ts';
import type { ImageRunConfig } from '#parts/oci/image-config.ts';
import { imageDocumentBytes, type ImageDocument } from '#parts/oci/image-document.ts';
import { HOST_PLATFORM } from '#parts/oci/platform.ts';
import { familiarText, parseReference, withDefaultTag, withTag, type Reference } from '#parts/oci/reference.ts';
import type { ImageCommitter, LayerOfImage } from './image-committer.ts';
import { publishImage } from './image-events.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { LayerBlobs } from './layer-blobs.ts';
import { takeLayer } from './layer-intake.ts';

/** An image that is to be made of what a container changed. */
export interface ContainerImageRequest {
  /** The image that the container stands on, by id; empty for none. */
  readonly base: string;
  /** What it changed, as a layer's tar. Only read once names are known to be good. */
  readonly layer: () => AsyncIterable<Uint8Array>;
  readonly config: ImageRunConfig;
  readonly author: string;
  readonly comment: string;
  readonly createdBy: string;
  /** Empty: the image gets no name. */
  readonly repository: string;
  readonly tag: string;
}

interface Parts {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly committer: ImageCommitter;
  readonly garbage: ImageGarbage;
  readonly events: Events;
}

/** A tar without entries: nothing was changed. */
const EMPTY_TAR = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** Stores layer, configuration and names. @returns the image's id, and its name as people read it */
export async function makeContainerImage(parts: Parts, request: ContainerImageRequest, cancel: AbortSignal): Promise<{ readonly id: string; readonly name: string }> {
  const { content, leases, committer, garbage, events } = parts;
  const name = nameOf(request);
  const lease = leases.take();
  const left: Digest[] = [];
  let layer: LayerOfImage | undefined;
  try {
    const base = baseOf(parts, request.base);
    const below = base ? layersOf(parts, base) : [];
    lease.protect(...below.map(({ descriptor }) => descriptor.digest), ...(base?.chain ?? []));
    layer = await takeLayer(request.layer(), { content, lease }, cancel);
    left.push(layer.descriptor.digest);
    const isEmpty = layer.diffId === EMPTY_TAR;
    const layers = isEmpty ? below : [...below, layer];
    const document = documentOf(request, base, { diffIds: layers.map(({ diffId }) => diffId), isEmpty });
    const { digest } = await content.put(imageDocumentBytes(document), (made) => lease.protect(made));
    left.push(digest);
    const image = await committer.commit({ config: digest, manifest: undefined, layers, parent: request.base, names: name ? [name] : [] }, lease, cancel);
    publishImage(events, 'create', image.id, image);
    if (name) publishImage(events, 'tag', image.id, image, familiarText(name));
    return { id: image.id, name: name ? familiarText(name) : '' };
  } finally {
    lease[Symbol.dispose]();
    if (layer) await garbage.removeLayers([layer.diffId]);
    await garbage.removeBlobs(left);
  }
}

function documentOf(request: ContainerImageRequest, base: StoredImage | undefined, made: { readonly diffIds: readonly Digest[]; readonly isEmpty: boolean }): ImageDocument {
  const { author, comment, config, createdBy } = request;
  const createdAt = new Date();
  const platform = base?.document ?? HOST_PLATFORM;
  return {
    architecture: platform.architecture, variant: platform.variant, os: platform.os, osVersion: platform.osVersion,
    author, comment, config, createdAt,
    diffIds: made.diffIds,
    history: [...(base?.document.history ?? []), { createdAt, createdBy, author, comment, emptyLayer: made.isEmpty }],
  };
}

function baseOf({ records }: Parts, id: string): StoredImage | undefined {
  if (id === '') return undefined;
  const base = records.find(id);
  if (!base) throw new EngineError('not-found', `No such image: ${id}`);
  return base;
}

function layersOf({ blobs }: Parts, base: StoredImage): LayerOfImage[] {
  return base.document.diffIds.map((diffId) => {
    const descriptor = blobs.find(diffId);
    if (!descriptor) throw new EngineError('internal', `the layer ${diffId} of image ${base.id} is not here any more`);
    return { descriptor, diffId };
  });
}

/** @throws {EngineError} `invalid` in Docker's words */
function nameOf({ repository, tag }: ContainerImageRequest): Reference | undefined {
  if (repository === '') return undefined;
  const reference = parseReference(repository);
  if (reference.digest !== undefined) throw new EngineError('invalid', 'cannot import digest reference');
  return withDefaultTag(tag === '' ? reference : withTag(reference, tag));
}
