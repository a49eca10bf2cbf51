import { EngineError, isKind } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContainerImageRequest } from '#engine/images/container-image.ts';
import { applyChanges } from '#engine/images/import-changes.ts';
import type { ArchiveThreads } from '#parts/archive/archive-threads.ts';
import type { ImageRunConfig } from '#parts/oci/image-config.ts';
import { committedConfig, runConfigOf } from './committed-config.ts';
import { publishContainer } from './container-events.ts';
import type { ContainerTrees } from './container-files.ts';
import type { Container } from './container.ts';
import type { ContainerRecords } from './records.ts';

export interface CommitRequest {
  readonly ref: string;
  readonly repository: string;
  readonly tag: string;
  readonly author: string;
  readonly comment: string;
  /** The container's processes stand still while its files are read. */
  readonly pause: boolean;
  /** Instructions of a Dockerfile. */
  readonly changes: readonly string[];
  /** In the place of the container's own; what it does not say comes from there. */
  readonly config: ImageRunConfig | undefined;
}

/** Makes an image of a container. @returns the image's id */
export type CommitContainer = (request: CommitRequest, cancel: AbortSignal) => Promise<string>;

interface Parts {
  readonly records: ContainerRecords;
  readonly events: Events;
  readonly threads: ArchiveThreads;
  readonly roots: Pick<ContainerTrees, 'changeTree'>;
  readonly pause: (id: string) => Promise<void>;
  readonly unpause: (id: string) => Promise<void>;
  readonly makeImage: (request: ContainerImageRequest, cancel: AbortSignal) => Promise<{ readonly id: string; readonly name: string }>;
}

export function containerCommitter(parts: Parts): CommitContainer {
  const { records, events, makeImage } = parts;
  return async (request, cancel) => {
    const container = records.get(request.ref);
    assertCommittable(container);
    const own = runConfigOf(container.spec.process);
    const config = committedConfig(changed(request.config ?? own, request.changes), own);
    const { author, comment, repository, tag } = request;
    const createdBy = (container.spec.process.cmd ?? []).join(' ');
    await using _still = await standingStill(parts, container, request.pause);
    const made = await makeImage({ base: container.imageId, layer: () => layerOf(parts, container.id, cancel), config, author, comment, createdBy, repository, tag }, cancel);
    publishContainer(events, container, 'commit', { comment, imageID: made.id, imageRef: made.name });
    return made.id;
  };
}

/** As with `docker build`, a new entry point makes the old command meaningless. */
function changed(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const has = (name: string): boolean => changes.some((change) => new RegExp(`^\\s*${name}\\s`, 'im').test(change));
  return applyChanges(has('ENTRYPOINT') && !has('CMD') ? { ...config, cmd: null } : config, changes);
}

/** Pauses a container that runs until disposed; one that is paused already stays so. */
async function standingStill({ pause, unpause }: Parts, { id, state }: Container, wanted: boolean): Promise<AsyncDisposable> {
  const paused = wanted && state.status === 'running' && (await succeeds(pause(id)));
  return { [Symbol.asyncDispose]: async () => void (paused && (await succeeds(unpause(id)))) };
}

/** False where it has ended meanwhile, or somebody else was quicker. */
async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (thrown) {
    // unpausing what is not paused is `internal`, as with Docker
    if (isKind(thrown, 'conflict') || isKind(thrown, 'not-found') || isKind(thrown, 'internal')) return false;
    throw thrown;
  }
}

async function* layerOf({ threads, roots, records }: Parts, id: string, cancel: AbortSignal): AsyncGenerator<Uint8Array> {
  const { archive, ended } = threads.packLayer(roots.changeTree(id), cancel);
  try {
    yield* archive as AsyncIterable<Buffer>;
  } finally {
    archive.destroy();
    await ended;
  }
  // what was removed under our hands is no whole layer
  assertCommittable(records.get(id));
}

/** moby daemon/commit.go */
function assertCommittable({ id, state }: Container): void {
  if (state.status === 'dead') throw new EngineError('conflict', `You cannot commit container ${id} which is Dead`);
  if (state.status === 'removing') throw new EngineError('conflict', `You cannot commit container ${id} which is being removed`);
}
