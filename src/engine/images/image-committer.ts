import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease } from '#parts/content/leases.ts';
import { EngineError } from '#base/errors.ts';
import { descriptorJson, type Descriptor } from '#parts/oci/descriptor.ts';
import { chainIdsOf, type Digest } from '#parts/oci/digest.ts';
import { parseImageDocument } from '#parts/oci/image-document.ts';
import { MAX_DOCUMENT_BYTES } from '#parts/oci/json-fields.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '#parts/oci/media-types.ts';
import type { Reference } from '#parts/oci/reference.ts';
import type { NewLayer, Snapshotter, StagedLayer } from '#parts/snapshots/snapshotter.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { LayerBlobs } from './layer-blobs.ts';

interface Parts {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
}

/** A layer of an image that is to be: its blob, and what that unpacks to. */
export interface LayerOfImage {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

export interface CommitRequest {
  /** The configuration's blob, which is in the content store: the image's id. */
  readonly config: Digest;
  /** The manifest's blob, which is in the content store; undefined: one is made. */
  readonly manifest: Digest | undefined;
  /** Lowest first. Each blob is in the content store, unless the layer is here already from another blob. */
  readonly layers: readonly LayerOfImage[];
  /** The image that it was built on, by id; empty where that is not known. */
  readonly parent: string;
  readonly names: readonly Reference[];
  /** Layers that are unpacked already; the committer owns what it takes. */
  readonly ahead?: { take(digest: Digest): StagedLayer | undefined };
}

/** Makes an image of blobs: unpacks the layers that are missing, then stores image and names in one transaction. */
export class ImageCommitter {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param lease protects the blobs already; layers are added to it before they are unpacked
   * @throws {EngineError} `invalid` where layers and configuration do not agree, or a layer is damaged
   */
  async commit(request: CommitRequest, lease: Lease, cancel: AbortSignal): Promise<StoredImage> {
    const { records, blobs, content } = this.#parts;
    const config = await content.bytes(request.config, MAX_DOCUMENT_BYTES);
    const { diffIds } = parseImageDocument(config);
    assertSameLayers(diffIds, request.layers);
    await this.#unpack(request, lease, cancel);
    const manifest = request.manifest ?? (await this.#makeManifest(request, config.length, lease));
    cancel.throwIfAborted();
    blobs.add(request.layers.filter(({ descriptor }) => content.has(descriptor.digest)));
    return records.insert({ id: request.config, config, manifest, parent: request.parent, storedAt: new Date() }, request.names);
  }

  /** All at once: the snapshotter begins where it can, and the workers take turns. */
  async #unpack({ layers, ahead }: CommitRequest, lease: Lease, cancel: AbortSignal): Promise<void> {
    const { snapshots, content } = this.#parts;
    const chain = chainIdsOf(layers.map(({ diffId }) => diffId));
    lease.protect(...chain);
    const failed = new AbortController();
    const either = AbortSignal.any([cancel, failed.signal]);
    const added: Promise<unknown>[] = [];
    for (const [index, { descriptor, diffId }] of layers.entries()) {
      const chainId = chain[index] as Digest;
      if (snapshots.findLayer(chainId)) continue;
      const layer: NewLayer = {
        chainId, diffId,
        parent: chain[index - 1] ?? '',
        parentReady: added.at(-1) ?? Promise.resolve(),
        source: content.path(descriptor.digest),
        digest: descriptor.digest,
      };
      const staged = ahead?.take(descriptor.digest);
      const adding = snapshots.addLayer({ ...layer, ...(staged && { staged }) }, either);
      adding.catch((thrown: unknown) => failed.abort(thrown));
      added.push(adding);
    }
    const results = await Promise.allSettled(added);
    cancel.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #makeManifest({ config, layers }: CommitRequest, configBytes: number, lease: Lease): Promise<Digest> {
    const own: Descriptor = { mediaType: OCI_CONFIG, digest: config, sizeBytes: configBytes, platform: undefined, annotations: {}, urls: [] };
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptorJson(own),
      layers: layers.map(({ descriptor }) => descriptorJson(descriptor)),
    };
    const { digest } = await this.#parts.content.put(Buffer.from(JSON.stringify(manifest)), (made) => lease.protect(made));
    return digest;
  }
}

function assertSameLayers(diffIds: readonly Digest[], layers: readonly LayerOfImage[]): void {
  if (diffIds.length !== layers.length) {
    throw new EngineError('invalid', `invalid manifest, layers length mismatch: expected ${layers.length}, got ${diffIds.length}`);
  }
  const odd = layers.findIndex(({ diffId }, index) => diffId !== diffIds[index]);
  if (odd >= 0) throw new EngineError('invalid', `invalid diffID for layer ${odd}: expected "${diffIds[odd] ?? ''}", got "${layers[odd]?.diffId ?? ''}"`);
}
