import type { Readable } from 'node:stream';
import type { KeyedLock } from '#base/keyed-lock.ts';
import { EngineError } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { ArchiveStream, ArchiveThreads } from '#parts/archive/archive-threads.ts';
import type { Change, LayeredTree } from '#parts/archive/changes.ts';
import { publishContainer } from './container-events.ts';
import type { Container } from './container.ts';
import type { ContainerRecords } from './records.ts';

/** What a user can do with the files of a container, whether it runs or not. `ref` as for `Containers`. */
export interface ContainerFiles {
  /** What is not as in the image, by path. */
  changes(ref: string, cancel: AbortSignal): Promise<readonly Change[]>;
  /** All files as a tar archive, without what is mounted into the container. */
  export(ref: string, cancel: AbortSignal): Promise<Readable>;
}

interface Parts {
  readonly records: ContainerRecords;
  readonly locks: KeyedLock;
  readonly events: Events;
  readonly threads: ArchiveThreads;
  readonly roots: ContainerTrees;
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

  async export(ref: string, cancel: AbortSignal): Promise<Readable> {
    const { records, threads, events } = this.#parts;
    const { id } = records.get(ref);
    const { container, root } = await this.#mounted(id, cannotExport);
    const { archive } = this.#untilEnded(id, threads.packRoot(root, cancel));
    publishContainer(events, container, 'export');
    return archive;
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

/** moby daemon/export.go */
function cannotExport(id: string, status: string): EngineError {
  const why = status === 'dead' ? 'is Dead' : 'is being removed';
  return new EngineError('conflict', `You cannot export container ${id} which ${why}`);
}
