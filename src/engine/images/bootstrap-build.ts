import { pipeline } from 'node:stream/promises';
import type { Recipe, RecipeLayer } from '#parts/bootstrap/bootstrap.ts';
import type { Blob } from '#parts/content/blob-writer.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease, Leases } from '#parts/content/leases.ts';
import { descriptorJson, type Descriptor } from '#parts/oci/descriptor.ts';
import { chainIdsOf, digestOf, type Digest } from '#parts/oci/digest.ts';
import { EMPTY_RUN_CONFIG, imageDocumentBytes, type DocumentHistory, type ImageDocument } from '#parts/oci/image-document.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '#parts/oci/media-types.ts';
import { HOST_PLATFORM } from '#parts/oci/platform.ts';
import type { Reference } from '#parts/oci/reference.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageRecords } from './image-records.ts';
import type { Report } from './images.ts';
import type { LayerBlobs } from './layer-blobs.ts';

/** Bears the digest of the recipe that an image was made by. */
export const BOOTSTRAP_LABEL = 'onggi.bootstrap';

interface Parts {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly leases: Leases;
  readonly garbage: Pick<ImageGarbage, 'removeLayers' | 'removeBlobs'>;
}

/** What is stored of one layer: the tar as it came, so that its blob and its content have one digest. */
interface BuiltLayer extends Blob {
  readonly createdBy: string;
}

/** Makes what a recipe says, stores and names it. @returns the image's id; nothing is left of one that fails */
export async function buildRecipe(parts: Parts, { recipe, reference }: { readonly recipe: Recipe; readonly reference: Reference }, report: Report, cancel: AbortSignal): Promise<Digest> {
  const lease = parts.leases.take();
  const say = (status: string): void => report({ id: recipe.name, status });
  const layers: BuiltLayer[] = [];
  try {
    for await (const layer of recipe.layers(say, cancel)) layers.push(await storeLayer(parts, layer, lease, cancel));
    say('Unpacking');
    await unpack(parts, layers, lease, cancel);
    return await record(parts, { recipe, reference, layers }, lease);
  } catch (thrown) {
    lease[Symbol.dispose]();
    const digests = layers.map(({ digest }) => digest);
    await parts.garbage.removeLayers(chainIdsOf(digests));
    await parts.garbage.removeBlobs(digests);
    cancel.throwIfAborted();
    throw thrown;
  } finally {
    lease[Symbol.dispose]();
  }
}

async function storeLayer({ content }: Parts, { tar, createdBy }: RecipeLayer, lease: Lease, cancel: AbortSignal): Promise<BuiltLayer> {
  await using writer = await content.writer();
  await pipeline(
    tar,
    async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await writer.write(chunk);
    },
    { signal: cancel },
  );
  const blob = await writer.commit();
  lease.protect(blob.digest);
  return { ...blob, createdBy };
}

async function unpack({ content, snapshots }: Parts, layers: readonly BuiltLayer[], lease: Lease, cancel: AbortSignal): Promise<void> {
  const chainIds = chainIdsOf(layers.map(({ digest }) => digest));
  lease.protect(...chainIds);
  for (const [index, { digest }] of layers.entries()) {
    const chainId = chainIds[index] ?? digest;
    const parent = chainIds[index - 1] ?? '';
    await snapshots.addLayer({ chainId, diffId: digest, digest, source: content.path(digest), parent, parentReady: Promise.resolve() }, cancel);
  }
}

async function record(parts: Parts, made: { readonly recipe: Recipe; readonly reference: Reference; readonly layers: readonly BuiltLayer[] }, lease: Lease): Promise<Digest> {
  const config = imageDocumentBytes(documentOf(made.recipe, made.layers));
  const id = digestOf(config);
  const layers = made.layers.map(({ digest, sizeBytes }) => descriptor(OCI_LAYER, digest, sizeBytes));
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptorJson(descriptor(OCI_CONFIG, id, config.length)), layers: layers.map(descriptorJson) };
  const manifest = Buffer.from(JSON.stringify(document));
  lease.protect(id, digestOf(manifest));
  await parts.content.put(config);
  const { digest } = await parts.content.put(manifest);
  parts.blobs.add(layers.map((each) => ({ descriptor: each, diffId: each.digest })));
  parts.records.insert({ id, config, manifest: digest, parent: '', storedAt: new Date() }, [made.reference]);
  return id;
}

function documentOf({ key, config, createdAt }: Recipe, layers: readonly BuiltLayer[]): ImageDocument {
  const history = layers.map(({ createdBy }): DocumentHistory => ({ createdAt, createdBy, author: '', comment: '', emptyLayer: false }));
  return {
    ...HOST_PLATFORM,
    createdAt,
    author: '',
    comment: '',
    config: { ...EMPTY_RUN_CONFIG, ...config, labels: { ...config.labels, [BOOTSTRAP_LABEL]: digestOf(key) } },
    diffIds: layers.map(({ digest }) => digest),
    history,
  };
}

function descriptor(mediaType: string, digest: Digest, sizeBytes: number): Descriptor {
  return { mediaType, digest, sizeBytes, platform: undefined, annotations: {}, urls: [] };
}
