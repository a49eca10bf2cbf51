import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isKind, messageOf } from '#base/errors.ts';
import type { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { cannotRemoveLive, removalInProgress } from './errors.ts';
import type { ContainerRecords } from './records.ts';
import type { RootFilesystems } from './creator.ts';
import type { ContainerStopper } from './stopper.ts';
import type { ContainerSupervisor } from './supervisor.ts';
import { isLive } from './state.ts';

interface Parts {
  readonly records: ContainerRecords;
  readonly locks: KeyedLock;
  readonly roots: RootFilesystems;
  readonly volumes: Volumes;
  readonly stopper: ContainerStopper;
  readonly supervisor: ContainerSupervisor;
  readonly events: Events;
  readonly log: Log;
  /** `containers/` below the data root. */
  readonly folder: string;
}

/** Takes containers away. The record goes last: what a crash interrupts is still listed, as dead, and goes at the next start. */
export class ContainerRemover {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async remove(ref: string, options: { readonly force: boolean; readonly volumes: boolean }): Promise<void> {
    const { records, stopper, supervisor } = this.#parts;
    const { id } = records.get(ref);
    supervisor.cancelRestart(id);
    const { state } = records.get(id);
    if (isLive(state)) {
      if (!options.force) throw cannotRemoveLive(ref, state.status);
      records.updateFacts(id, { stoppedByUser: true });
      await stopper.kill(id, 'SIGKILL').catch((thrown: unknown) => {
        // it may have ended by itself in the meantime
        if (!isKind(thrown, 'conflict') && !isKind(thrown, 'not-found')) throw thrown;
      });
    }
    await this.removeStopped(id, options.volumes);
  }

  /** Also the end of `--rm`: anonymous volumes go with the container then. */
  async removeStopped(id: string, withVolumes: boolean): Promise<void> {
    const { records, locks } = this.#parts;
    using _turn = await locks.hold(id);
    const container = records.find(id);
    if (!container) return;
    if (container.state.status === 'removing') throw removalInProgress(id);
    records.apply(id, { type: 'removing' });
    try {
      await this.#takeDown(container);
      // whoever waits for the removal finds them gone
      if (withVolumes) await this.#removeVolumes(container);
    } catch (thrown) {
      records.apply(id, { type: 'removal-failed' });
      throw thrown;
    }
    records.remove(id);
    publishContainer(this.#parts.events, container, 'destroy');
  }

  /** Goes on with a removal that a crash interrupted. */
  async finish(container: Container): Promise<void> {
    await this.#takeDown(container);
    this.#parts.records.remove(container.id);
  }

  async #takeDown({ id }: Container): Promise<void> {
    const { roots, folder } = this.#parts;
    await roots.remove(id);
    await rm(join(folder, id), { recursive: true, force: true });
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
