import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { KeyedLock } from '#base/keyed-lock.ts';
import { EngineError, isKind } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { ArchiveStream, ArchiveThreads } from '#parts/archive/archive-threads.ts';
import type { Change, LayeredTree } from '#parts/archive/changes.ts';
import { type PathFacts, rootedPath } from '#parts/archive/path-facts.ts';
import type { RootView } from '#parts/archive/root-view.ts';
import { unpackedStream } from '#parts/layers/packed-stream.ts';
import { publishContainer } from './container-events.ts';
import { OWN_FILES } from './container-mounts.ts';
import type { Container } from './container.ts';
import type { ContainerRecords } from './records.ts';

/** What a user can do with the files of a container, whether it runs or not. `ref` as for `Containers`. */
export interface ContainerFiles {
  /** What is not as in the image, by path. */
  changes(ref: string, cancel: AbortSignal): Promise<readonly Change[]>;
  /** All files as a tar archive, without what is mounted into the container. */
  export(ref: string, cancel: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** What a path is; a link is told of itself, unless the path ends with a slash or `/.`. @throws {EngineError} `not-found` */
  statPath(ref: string, path: string, cancel: AbortSignal): Promise<PathFacts>;
  /** The same with what is there as a tar archive, volumes and all. */
  readArchive(ref: string, path: string, cancel: AbortSignal): Promise<{ readonly facts: PathFacts; readonly archive: Readable }>;
  /** Unpacks a tar, packed or not, into a folder that is there. */
  writeArchive(ref: string, request: WriteRequest, cancel: AbortSignal): Promise<void>;
}

export interface WriteRequest {
  readonly path: string;
  readonly archive: AsyncIterable<Uint8Array>;
  readonly noOverwriteDirNonDir: boolean;
  /** All becomes the property of the container's user. */
  readonly asContainerUser: boolean;
}

interface Parts {
  readonly records: ContainerRecords;
  readonly locks: KeyedLock;
  readonly events: Events;
  readonly threads: ArchiveThreads;
  readonly roots: ContainerTrees;
  /** `containers/` below the data root. */
  readonly folder: string;
  /** Looks the container's user up in its own files. */
  readonly ownerOf: (container: Container, root: string) => Promise<{ readonly uid: number; readonly gid: number }>;
}

/** Where containers' files lie. Each `mount` needs an `unmount`; the root stays in sight while anyone has it mounted. */
export interface ContainerTrees {
  mount(id: string): Promise<string>;
  unmount(id: string): Promise<void>;
  changeTree(id: string): LayeredTree;
}

/** Reads and writes containers' files. */
export class ContainerFileService implements ContainerFiles {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async changes(ref: string, cancel: AbortSignal): Promise<readonly Change[]> {
    const { records, roots, threads } = this.#parts;
    const { id } = records.get(ref);
    return await threads.changes(roots.changeTree(id), cancel);
  }

  async export(ref: string, cancel: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { records, threads, events } = this.#parts;
    const { id } = records.get(ref);
    const { container, root } = await this.#mounted(id, cannotExport);
    const { archive } = this.#untilEnded(id, threads.packRoot(root, cancel));
    publishContainer(events, container, 'export');
    return this.#whole(id, archive);
  }

  /** What was removed under our hands is not whole, and does not end as if it were. */
  async *#whole(id: string, archive: Readable): AsyncGenerator<Uint8Array> {
    try {
      yield* archive as AsyncIterable<Buffer>;
      const { status } = this.#parts.records.get(id).state;
      if (status === 'removing' || status === 'dead') throw cannotExport(id, status);
    } finally {
      archive.destroy();
    }
  }

  async statPath(ref: string, path: string, cancel: AbortSignal): Promise<PathFacts> {
    const { id } = this.#parts.records.get(ref);
    const { container, root } = await this.#mounted(id, isRemoved);
    const rooted = rootedPath(path);
    try {
      return await this.#parts.threads.stat(this.#view(container, root), rooted, cancel);
    } catch (thrown) {
      throw notThere(thrown, path, ref);
    } finally {
      await this.#parts.roots.unmount(id);
    }
  }

  async readArchive(ref: string, path: string, cancel: AbortSignal): Promise<{ facts: PathFacts; archive: Readable }> {
    const { records, threads, events } = this.#parts;
    const { id } = records.get(ref);
    const { container, root } = await this.#mounted(id, isRemoved);
    const { archive, facts } = this.#untilEnded(id, threads.read(this.#view(container, root), rootedPath(path), cancel));
    try {
      const found = await facts;
      publishContainer(events, container, 'archive-path');
      return { facts: found, archive };
    } catch (thrown) {
      throw notThere(thrown, path, ref);
    }
  }

  async writeArchive(ref: string, request: WriteRequest, cancel: AbortSignal): Promise<void> {
    const { records, threads, events, roots, ownerOf } = this.#parts;
    const { id } = records.get(ref);
    const { container, root } = await this.#mounted(id, isRemoved);
    const { path, noOverwriteDirNonDir } = request;
    try {
      const owner = request.asContainerUser && container.spec.process.user !== '' ? await ownerOf(container, root) : undefined;
      const archive = unpackedStream(request.archive);
      await threads.write(this.#view(container, root), { rooted: rootedPath(path), archive, options: { noOverwriteDirNonDir, owner } }, cancel);
    } catch (thrown) {
      throw notThere(thrown, path, ref);
    } finally {
      await roots.unmount(id);
    }
    publishContainer(events, container, 'extract-to-dir');
  }

  #view({ id, runtime, spec }: Container, root: string): RootView {
    const { folder } = this.#parts;
    const readOnly = spec.security.readonlyRootfs;
    const asked = runtime.mounts.filter(({ type, source }) => type !== 'tmpfs' && source !== '');
    const taken = new Set(asked.map(({ destination }) => destination));
    const own = OWN_FILES.filter(([destination]) => !taken.has(destination)).map(([destination, name]) => ({ source: join(folder, id, name), destination, readOnly }));
    const mounts = [...asked.map(({ source, destination, writable }) => ({ source, destination, readOnly: !writable })), ...own];
    return { root, containers: folder, readOnly, mounts };
  }

  /** Under the lock, so that nobody removes the root meanwhile. */
  async #mounted(id: string, refusal: (id: string, state: string) => EngineError): Promise<{ readonly container: Container; readonly root: string }> {
    const { records, roots, locks } = this.#parts;
    using _turn = await locks.hold(id);
    const container = records.get(id);
    const { status } = container.state;
    if (status === 'removing' || status === 'dead') throw refusal(id, status);
    return { container, root: await roots.mount(id) };
  }

  #untilEnded<T extends Pick<ArchiveStream, 'ended'>>(id: string, work: T): T {
    void work.ended.finally(() => this.#parts.roots.unmount(id));
    return work;
  }
}

function isRemoved(id: string): EngineError {
  return new EngineError('conflict', `container ${id} is being removed`);
}

/** moby daemon/archive.go names the path and the container as the user did. */
function notThere(thrown: unknown, path: string, ref: string): unknown {
  return isKind(thrown, 'not-found') ? new EngineError('not-found', `Could not find the file ${path} in container ${ref}`, { cause: thrown }) : thrown;
}

/** moby daemon/export.go */
function cannotExport(id: string, status: string): EngineError {
  const why = status === 'dead' ? 'is Dead' : 'is being removed';
  return new EngineError('conflict', `You cannot export container ${id} which ${why}`);
}
