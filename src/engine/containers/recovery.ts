import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { Container } from './container.ts';
import type { LiveContainers, LiveProcess, ProcessExit } from './live-process.ts';
import { abandonNewVolumes } from './new-container-volumes.ts';
import type { ContainerRecords } from './records.ts';
import type { ContainerRemover } from './remover.ts';
import { comesBack } from './restart-policy.ts';
import type { JoinedNetwork } from './starter.ts';
import { type ContainerState, exitOf, isLive } from './state.ts';
import type { ContainerSupervisor } from './supervisor.ts';

interface Parts {
  readonly records: ContainerRecords;
  readonly live: LiveContainers;
  readonly supervisor: ContainerSupervisor;
  readonly remover: ContainerRemover;
  readonly volumes: Volumes;
  /** The container's shim; undefined where none lives. */
  readonly reconnect: (container: Container) => Promise<LiveProcess | undefined>;
  /** What its shim left behind; undefined where it left nothing of this start. */
  readonly exitOf: (container: Container) => Promise<ProcessExit | undefined>;
  /** Takes up what the container holds: its root and its networks. */
  readonly rejoin: (container: Container) => JoinedNetwork;
  /** Stops or continues all its processes. */
  readonly freeze: (id: string, frozen: boolean) => Promise<void>;
  readonly unmountRoot: (id: string) => Promise<void>;
  /** Ends all that still runs of a container that has no shim, and takes down what it held. */
  readonly reap: (id: string) => Promise<void>;
  /** Ids of containers that have a shim's folder, whether or not they should. */
  readonly shimIds: () => Promise<readonly string[]>;
  /** Takes away what the network still holds for containers that were not taken up. */
  readonly sweepNetwork: () => Promise<void>;
  readonly start: (id: string) => Promise<void>;
  readonly onFound: (container: Container, generation: number, process: LiveProcess) => void;
  readonly log: Log;
  /** `containers/` below the data root. */
  readonly folder: string;
}

const SIGKILL = 9;

type RunningState = Extract<ContainerState, { status: 'running' | 'paused' }>;

/**
 * Brings records and reality together after a start of the engine: what runs is taken up again, what ended meanwhile
 * is told so, what was half made or half removed goes.
 */
export class ContainerRecovery {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async recover(): Promise<void> {
    const { records, log } = this.#parts;
    const before = records.list();
    for (const container of before) {
      await this.#one(container).catch((thrown: unknown) => log.error('a container could not be recovered', { id: container.id, error: thrown }));
    }
    await this.#reapStrangers();
    await this.#parts.sweepNetwork();
    await this.#sweepFolders();
    void this.#comeBack(before);
  }

  async #one(container: Container): Promise<void> {
    const { state } = container;
    if (state.status === 'removing' || state.status === 'dead') return this.#parts.remover.finish(container);
    if (isLive(state)) return this.#takeUp(container);
    if (container.spec.host.autoRemove) return this.#parts.remover.removeStopped(container.id);
    // a start or a removal may have been cut off after its mount and before its record
    await this.#parts.unmountRoot(container.id);
  }

  async #takeUp(container: Container): Promise<void> {
    const { supervisor, reconnect, exitOf, reap, log } = this.#parts;
    const { id, state } = container;
    if (!isLive(state)) return;
    const process = await reconnect(container);
    if (process) await this.#hold(container, state, process);
    else {
      const exit = await exitOf(container);
      if (!exit) log.warn('a container ended and left no record of it', { id });
      if (exit) await reap(id);
      await supervisor.endedUnseen(id, state.generation, exit);
    }
  }

  /** From here on it is as if this engine had started it. One whose network is gone cannot be held, and ends. */
  async #hold(container: Container, { status, generation }: RunningState, process: LiveProcess): Promise<void> {
    const { live, supervisor, rejoin, unmountRoot, freeze, onFound, log } = this.#parts;
    const { id } = container;
    const resources = new AsyncDisposableStack();
    resources.defer(() => unmountRoot(id)); // it is mounted, and nobody else holds it
    try {
      resources.use(rejoin(container));
      // nobody was told of a pause, or of its end, that is not in the record
      await freeze(id, status === 'paused').catch((thrown: unknown) => log.debug('a container could not be frozen or thawed', { id, error: messageOf(thrown) }));
    } catch (thrown) {
      log.error('a running container could not be taken up: it is ended', { id, error: thrown });
      process.signal(SIGKILL);
      const exit = await process.exited;
      await Promise.all([process.cleaned, resources.disposeAsync()]);
      await supervisor.endedUnseen(id, generation, exit);
      return;
    }
    live.add(id, { process, generation, resources });
    onFound(container, generation, process);
  }

  /** A start that was cut off before it was stored: nobody was told of it, so it is undone. */
  async #reapStrangers(): Promise<void> {
    const { live, shimIds, reap, log } = this.#parts;
    for (const id of await shimIds()) {
      if (live.find(id)) continue;
      await reap(id).catch((thrown: unknown) => log.error('the rest of a start could not be cleared away', { id, error: messageOf(thrown) }));
    }
  }

  /** Folders of containers that were never stored. */
  async #sweepFolders(): Promise<void> {
    const { folder, records, unmountRoot, volumes, log } = this.#parts;
    const names = await readdir(folder).catch((thrown: unknown) => {
      if (codeOf(thrown) === 'ENOENT') return [];
      throw thrown;
    });
    for (const name of names) {
      if (!/^[0-9a-f]{64}$/.test(name) || records.find(name)?.id === name) continue;
      try {
        await unmountRoot(name);
        await abandonNewVolumes(join(folder, name), volumes);
        await rm(join(folder, name), { recursive: true, force: true });
      } catch (thrown) {
        log.error('the folder of a container that was never made could not be removed', { id: name, error: messageOf(thrown) });
      }
    }
  }

  async #comeBack(before: readonly Container[]): Promise<void> {
    const { records, supervisor, start, log } = this.#parts;
    for (const { id, state } of before) {
      const now = records.find(id);
      if (!now) continue;
      if (state.status === 'restarting') supervisor.resumeRestart(now);
      else if (now.state.status === 'exited' && wantsBack(now)) {
        await start(id).catch((thrown: unknown) => log.error('a container could not be started again', { id, error: messageOf(thrown) }));
      }
    }
  }
}

/** Its restart policy wants it back. */
function wantsBack({ spec, state, runtime }: Container): boolean {
  const { restartCount, stoppedByUser } = runtime;
  return comesBack(spec.host.restartPolicy, { exitCode: exitOf(state)?.exitCode ?? 0, restartCount, stoppedByUser });
}
