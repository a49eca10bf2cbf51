import { readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isKind, messageOf } from '#base/errors.ts';
import type { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { RootFilesystems } from './creator.ts';
import { cannotRemoveLive, removalInProgress } from './errors.ts';
import type { ContainerRecords } from './records.ts';
import { isLive } from './state.ts';
import type { StdioHub } from './stdio-hub.ts';
import type { ContainerStopper } from './stopper.ts';
import type { ContainerSupervisor } from './supervisor.ts';

interface Parts {
  readonly records: ContainerRecords;
  readonly locks: KeyedLock;
  readonly roots: Pick<RootFilesystems, 'remove' | 'unmount'>;
  readonly volumes: Volumes;
  readonly stopper: ContainerStopper;
  readonly supervisor: ContainerSupervisor;
  /** The last moment for whoever reads the container's folder. */
  readonly beforeRemoval: (id: string) => Promise<void>;
  readonly hub: StdioHub;
  readonly events: Events;
  readonly log: Log;
  /** `containers/` below the data root. */
  readonly folder: string;
}

/**
 * Takes containers away. The record goes last: what a crash interrupts is still listed, as being removed, and goes when
 * the engine starts again.
 */
export class ContainerRemover {
  readonly #parts: Parts;
  /** Being removed, from the first signal on. */
  readonly #underWay = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {EngineError} `conflict` where it runs and is not forced, or where someone else removes it already */
  async remove(ref: string, options: { readonly force: boolean; readonly volumes: boolean }): Promise<void> {
    const { id } = this.#parts.records.get(ref);
    if (this.#underWay.has(id)) throw removalInProgress(ref);
    this.#underWay.add(id);
    try {
      using _turn = await this.#whenDown(id, ref, options.force);
      await this.#remove(id, options.volumes);
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** The end of `--rm`: its anonymous volumes go with the container. */
  async removeStopped(id: string): Promise<void> {
    if (this.#underWay.has(id)) return;
    this.#underWay.add(id);
    try {
      using _turn = await this.#parts.locks.hold(id);
      const container = this.#parts.records.find(id);
      if (container && !isLive(container.state)) await this.#remove(id, true);
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** Goes on with a removal that a crash interrupted, or that failed. */
  async finish(container: Container): Promise<void> {
    const { state } = container;
    await this.#takeDown(container, (state.status === 'removing' || state.status === 'dead') && state.volumes);
    this.#parts.records.remove(container.id);
  }

  /** The container's turn, once it is down: by itself, or because it is forced. What starts meanwhile is ended too. */
  async #whenDown(id: string, ref: string, force: boolean): Promise<Disposable> {
    const { records, locks, stopper, supervisor } = this.#parts;
    for (;;) {
      const turn = await locks.hold(id);
      try {
        const { state } = records.get(id);
        const waits = state.status === 'restarting';
        if (!isLive(state) && !waits) return turn;
        if (!force) throw cannotRemoveLive(ref, state.status);
        if (waits) {
          supervisor.cancelRestart(id);
          return turn;
        }
      } catch (thrown) {
        turn[Symbol.dispose]();
        throw thrown;
      }
      turn[Symbol.dispose]();
      await stopper.kill(id, 'SIGKILL').catch((thrown: unknown) => {
        // it may have ended by itself in the meantime
        if (!isKind(thrown, 'conflict') && !isKind(thrown, 'not-found')) throw thrown;
      });
    }
  }

  /** The caller has the turn. */
  async #remove(id: string, withVolumes: boolean): Promise<void> {
    const { records, hub, events } = this.#parts;
    const container = records.get(id);
    records.apply(id, { type: 'removing', volumes: withVolumes });
    try {
      // whoever waits for the removal finds the volumes gone too
      await this.#takeDown(container, withVolumes);
      records.remove(id);
    } catch (thrown) {
      records.apply(id, { type: 'removal-failed' });
      throw thrown;
    }
    hub.ended(id);
    publishContainer(events, container, 'destroy');
  }

  async #takeDown(container: Container, withVolumes: boolean): Promise<void> {
    const { roots, folder, beforeRemoval } = this.#parts;
    await beforeRemoval(container.id);
    await roots.remove(container.id);
    await removeFolder(join(folder, container.id));
    if (withVolumes) await this.#removeVolumes(container);
  }

  /** Anonymous ones that no other container uses. */
  async #removeVolumes(container: Container): Promise<void> {
    const { volumes, log } = this.#parts;
    for (const { type, name } of container.runtime.mounts) {
      if (type !== 'volume' || !isAnonymous(volumes, name)) continue;
      await volumes.remove(name, { force: true }).catch((thrown: unknown) => {
        if (!isKind(thrown, 'conflict')) log.warn('a volume could not be removed', { volume: name, error: messageOf(thrown) });
      });
    }
  }
}

function isAnonymous(volumes: Volumes, name: string): boolean {
  try {
    return volumes.inspect(name).anonymous;
  } catch (thrown) {
    if (isKind(thrown, 'not-found')) return false;
    throw thrown;
  }
}

/** A folder of files: `rm` alone takes three times as long for it. The unlinking of a large log holds nobody up. */
async function removeFolder(path: string): Promise<void> {
  try {
    await Promise.all((await readdir(path)).map((name) => unlink(join(path, name))));
    await rmdir(path);
  } catch {
    await rm(path, { recursive: true, force: true });
  }
}
