import { EngineError, messageOf } from '#base/errors.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease } from '#parts/content/leases.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import { chainIdsOf, type Digest } from '#parts/oci/digest.ts';
import { isLayerType } from '#parts/oci/media-types.ts';
import type { Repository } from '#parts/registry/repository.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import type { Report } from './images.ts';
import { layersMismatch, unsupportedMediaType } from './pull-errors.ts';
import type { BlobFetcher } from './pull-fetcher.ts';
import { LayerProgress } from './pull-progress.ts';

interface Parts {
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly fetcher: BlobFetcher;
}

export interface LayersWanted {
  readonly repository: Repository;
  /** Lowest first, one per diff id. */
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  readonly lease: Lease;
}

interface Step {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly chainId: Digest;
  readonly parent: Digest | '';
  readonly progress: LayerProgress;
}

/**
 * Fetches and unpacks what is missing of an image's layers, all of them side by side. A layer that fails stops the rest;
 * what is whole by then stays for the next try.
 *
 * @throws {EngineError} `invalid` when manifest and configuration do not fit together
 */
export async function pullLayers(parts: Parts, wanted: LayersWanted, report: Report, cancel: AbortSignal): Promise<void> {
  const steps = stepsOf(wanted, report);
  wanted.lease.protect(...steps.flatMap(({ descriptor, chainId }) => [descriptor.digest, chainId]));
  const missing = missingOf(parts, steps);
  const failed = new AbortController();
  const stop = AbortSignal.any([cancel, failed.signal]);
  let below: Promise<unknown> = Promise.resolve();
  const all = missing.map((step) => {
    const done = pullLayer(parts, wanted.repository, step, below, stop);
    done.catch((thrown: unknown) => failed.abort(thrown));
    below = done;
    return done;
  });
  const ends = await Promise.allSettled(all);
  cancel.throwIfAborted();
  // The first that failed, not the others that it stopped.
  if (failed.signal.aborted) throw failed.signal.reason;
  const rejected = ends.find((end) => end.status === 'rejected');
  if (rejected) throw rejected.reason;
}

function stepsOf({ layers, diffIds }: LayersWanted, report: Report): readonly Step[] {
  const odd = layers.find(({ mediaType }) => !isLayerType(mediaType));
  if (odd) throw unsupportedMediaType(odd.mediaType);
  if (layers.length !== diffIds.length) throw layersMismatch();
  const chainIds = chainIdsOf(diffIds);
  return layers.flatMap((descriptor, index) => {
    const [diffId, chainId] = [diffIds[index], chainIds[index]];
    if (!diffId || !chainId) return [];
    return [{ descriptor, diffId, chainId, parent: chainIds[index - 1] ?? '', progress: new LayerProgress(descriptor.digest, report) }];
  });
}

/** Says of each layer whether it is there; those that are not wait where more come than may be fetched at once. */
function missingOf({ snapshots }: Parts, steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ chainId, progress }) => {
    const isThere = snapshots.findLayer(chainId) !== undefined;
    progress.say(isThere ? 'Already exists' : 'Pulling fs layer');
    return !isThere;
  });
}

async function pullLayer(parts: Parts, repository: Repository, step: Step, below: Promise<unknown>, cancel: AbortSignal): Promise<void> {
  const { descriptor, diffId, chainId, parent, progress } = step;
  const { digest, sizeBytes } = descriptor;
  if (!parts.content.has(digest)) {
    if (parts.fetcher.isBusy) progress.say('Waiting');
    await parts.fetcher.fetch(repository, descriptor, watch(progress), cancel);
  }
  progress.say('Download complete');
  const source = parts.content.path(digest);
  const unpacking = parts.snapshots.addLayer({ chainId, diffId, digest, source, parent, parentReady: below }, cancel);
  const extracting = setTimeout(() => progress.move('Extracting', 0, sizeBytes), EXTRACTING_AFTER_MS);
  try {
    await unpacking;
  } catch (thrown) {
    cancel.throwIfAborted();
    const kind = thrown instanceof EngineError ? thrown.kind : 'internal';
    throw new EngineError(kind, `failed to register layer: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    clearTimeout(extracting);
  }
  progress.move('Extracting', sizeBytes, sizeBytes);
  progress.say('Pull complete');
}

// A layer that is unpacked sooner needs no word about its beginning.
const EXTRACTING_AFTER_MS = 100;

function watch(progress: LayerProgress): Parameters<BlobFetcher['fetch']>[2] {
  return {
    bytes: (current, total) => progress.move('Downloading', current, total),
    verifying: () => progress.say('Verifying Checksum'),
    retry: (seconds) => progress.say(`Retrying in ${seconds} second${seconds === 1 ? '' : 's'}`),
  };
}
