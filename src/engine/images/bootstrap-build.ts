import type { Recipe } from '#parts/bootstrap/bootstrap.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease, Leases } from '#parts/content/leases.ts';
import { chainIdsOf, digestOf, type Digest } from '#parts/oci/digest.ts';
import { EMPTY_RUN_CONFIG, imageDocumentBytes, type DocumentHistory, type ImageDocument } from '#parts/oci/image-document.ts';
import { HOST_PLATFORM } from '#parts/oci/platform.ts';
import type { Reference } from '#parts/oci/reference.ts';
import type { ImageCommitter, LayerOfImage } from './image-committer.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { StoredImage } from './image-records.ts';
import type { Report } from './images.ts';
import { takeLayer } from './layer-intake.ts';

/** Bears the digest of the recipe that an image was made by. */
export const BOOTSTRAP_LABEL = 'onggi.bootstrap';

interface Parts {
  readonly committer: ImageCommitter;
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly garbage: Pick<ImageGarbage, 'removeLayers' | 'removeBlobs'>;
}

interface Order {
  readonly recipe: Recipe;
  readonly reference: Reference;
}

interface BuiltLayer extends LayerOfImage {
  readonly createdBy: string;
}

/** Makes what a recipe says, stores and names it. Of one that fails or is given up, nothing is left. */
export async function buildRecipe(parts: Parts, { recipe, reference }: Order, report: Report, cancel: AbortSignal): Promise<StoredImage> {
  using lease = parts.leases.take();
  const say = (status: string): void => report({ id: recipe.name, status });
  const layers: BuiltLayer[] = [];
  try {
    for await (const { tar, createdBy } of recipe.layers(say, cancel)) {
      layers.push({ ...(await takeLayer(tar, { content: parts.content, lease }, cancel)), createdBy });
    }
    say('Unpacking');
    return await commit(parts, { recipe, reference }, layers, { lease, cancel });
  } catch (thrown) {
    lease[Symbol.dispose]();
    await forget(parts, layers);
    cancel.throwIfAborted();
    throw thrown;
  }
}

async function commit(parts: Parts, { recipe, reference }: Order, layers: readonly BuiltLayer[], { lease, cancel }: { readonly lease: Lease; readonly cancel: AbortSignal }): Promise<StoredImage> {
  const document = imageDocumentBytes(documentOf(recipe, layers));
  const { digest: config } = await parts.content.put(document, (made) => lease.protect(made));
  return await parts.committer.commit({ config, manifest: undefined, layers, parent: '', names: [reference] }, lease, cancel);
}

async function forget({ garbage }: Parts, layers: readonly BuiltLayer[]): Promise<void> {
  await garbage.removeLayers(chainIdsOf(layers.map(({ diffId }): Digest => diffId)));
  await garbage.removeBlobs(layers.map(({ descriptor }) => descriptor.digest));
}

function documentOf({ key, config, createdAt }: Recipe, layers: readonly BuiltLayer[]): ImageDocument {
  const history = layers.map(({ createdBy }): DocumentHistory => ({ createdAt, createdBy, author: '', comment: '', emptyLayer: false }));
  return {
    ...HOST_PLATFORM,
    createdAt,
    author: '',
    comment: '',
    config: { ...EMPTY_RUN_CONFIG, ...config, labels: { ...config.labels, [BOOTSTRAP_LABEL]: digestOf(key) } },
    diffIds: layers.map(({ diffId }) => diffId),
    history,
  };
}
