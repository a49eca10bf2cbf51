import { setTimeout as pause } from 'node:timers/promises';
import type { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Container } from './container.ts';
import { publishContainer, publishNetwork, publishVolumes } from './container-events.ts';
import type { LiveContainer, LiveContainers, LiveProcess, ProcessExit } from './live-process.ts';
import type { ContainerRecords } from './records.ts';
import { FIRST_DELAY_MS, restartDelayMs } from './restart-policy.ts';
import { isLive } from './state.ts';

/** A process whose shim was killed has no record: Docker says 137 of it. */
const LOST_EXIT_CODE = 137;
/** So long until an end that could not be stored (a full disk) is tried again. */
const RETRY_MS = 5000;

interface Parts {
  readonly records: ContainerRecords;
  readonly live: LiveContainers;
  readonly locks: KeyedLock;
  readonly events: Events;
  readonly log: Log;
  readonly start: (id: string) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  /** Ends all that still runs of a container that has lost its shim. */
  readonly reap: (id: string) => Promise<void>;
  /** Removes the bundle and what the shim kept beside it. */
  readonly clearState: (id: string) => Promise<void>;
}

/** Sees every end of a container: takes down what it held, stores the exit, restarts or removes it as it was asked to. */
export class ContainerSupervisor {
  readonly #parts: Parts;
  readonly #restarts = new Map<string, { timer: NodeJS.Timeout | undefined; delayMs: number }>();
  /** Being stopped by a user; `keep`: by a restart, which `--rm` does not end. */
  readonly #stops = new Map<string, { readonly keep: boolean }>();
  #stopping = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Call once per start, when the container is stored as running. */
  watch(id: string, generation: number, process: LiveProcess): void {
    void process.exited
      .catch((thrown: unknown): undefined => this.#tell(id, 'a shim told of an end that cannot be read')(thrown) as undefined)
      .then((exit) => this.#endedSurely(id, generation, exit));
  }

  /** For one that ended while no engine was there; its shim has left a record, or not. */
  async endedUnseen(id: string, generation: number, exit: ProcessExit | undefined): Promise<void> {
    try {
      await this.#ended(id, generation, exit);
    } catch (thrown) {
      this.#parts.log.error('the end of a container could not be handled', { id, error: thrown });
      void this.#endedSurely(id, generation, exit);
    }
  }

  /** Nobody waits for its restart any more; the caller has its turn, and sees to its state. */
  cancelRestart(id: string): void {
    const restart = this.#restarts.get(id);
    clearTimeout(restart?.timer);
    this.#restarts.delete(id);
  }

  /** A user stops it: its end will be told as `stop` and `die`, in Docker's order. */
  announceStop(id: string, stop: { readonly keep: boolean }): Disposable {
    this.#stops.set(id, stop);
    return {
      [Symbol.dispose]: () => {
        if (this.#stops.get(id) === stop) this.#stops.delete(id); // else someone else stops it too
      },
    };
  }

  /** The engine stops: containers live on, nothing is restarted any more. */
  stop(): void {
    this.#stopping = true;
    for (const id of this.#restarts.keys()) this.cancelRestart(id);
  }

  /** A container never stays "running, but gone": what goes wrong is told, and the end is stored all the same. */
  async #endedSurely(id: string, generation: number, exit: ProcessExit | undefined): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#ended(id, generation, exit);
        return;
      } catch (thrown) {
        this.#parts.log.error('the end of a container could not be handled', { id, error: thrown });
        await pause(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  async #ended(id: string, generation: number, exit: ProcessExit | undefined): Promise<void> {
    const { records, live, locks } = this.#parts;
    using turn = await locks.hold(id);
    const container = records.find(id);
    if (!container || !isLive(container.state) || container.state.generation !== generation) return;
    await this.#takeDown(id, live.remove(id), exit !== undefined);
    const keep = this.#stops.get(id)?.keep ?? false;
    const after = this.#store(records.get(id), exit);
    turn[Symbol.dispose]();
    if (after.state.status === 'restarting') this.#restartLater(after);
    else if (after.spec.host.autoRemove && !keep) await this.#parts.remove(id).catch(this.#tell(id, 'a container of --rm could not be removed'));
  }

  /** What cannot be taken down is told; the container has ended all the same. */
  async #takeDown(id: string, held: LiveContainer | undefined, cleanly: boolean): Promise<void> {
    const { reap, clearState } = this.#parts;
    const tell = this.#tell(id, 'what a container held could not be taken down');
    if (!cleanly) await reap(id).catch(tell);
    // the runtime clears up its own while root and network are taken down
    await Promise.all([held?.process.cleaned.then(() => clearState(id)).catch(tell), held?.resources.disposeAsync().catch(tell)]);
  }

  #tell(id: string, what: string): (thrown: unknown) => void {
    return (thrown) => this.#parts.log.error(what, { id, error: thrown });
  }

  #store(container: Container, exit: ProcessExit | undefined): Container {
    const { records, events } = this.#parts;
    const { id, runtime, spec, state } = container;
    const at = exit?.finishedAt ?? new Date();
    const exitCode = exit?.exitCode ?? LOST_EXIT_CODE;
    const ranMs = isLive(state) ? at.getTime() - state.startedAt.getTime() : 0;
    const delayMs = restartDelayMs(spec.host.restartPolicy, {
      exitCode, ranMs,
      stoppedByUser: runtime.stoppedByUser,
      restartCount: runtime.restartCount,
      lastDelayMs: this.#restarts.get(id)?.delayMs,
    });
    if (delayMs === undefined) this.#restarts.delete(id);
    else this.#restarts.set(id, { timer: undefined, delayMs });
    const after = records.apply(
      id,
      { type: 'exited', exitCode, oomKilled: exit?.oomKilled ?? false, at, restarting: delayMs !== undefined },
      {
        restartCount: runtime.restartCount + (delayMs === undefined ? 0 : 1),
        endpoints: idle(runtime.endpoints), ports: {}, sandboxId: '', sandboxPath: '',
      },
    );
    // in the order of dockerd's
    if (exit?.oomKilled) publishContainer(events, container, 'oom');
    for (const [name, { networkId }] of Object.entries(runtime.endpoints)) publishNetwork(events, 'disconnect', { containerId: id, networkId, name });
    publishVolumes(events, container, 'unmount');
    if (this.#stops.delete(id)) publishContainer(events, container, 'stop');
    publishContainer(events, container, 'die', { exitCode: String(exitCode), execDuration: String(Math.floor(ranMs / 1000)) });
    return after;
  }

  #restartLater({ id }: Container): void {
    const restart = this.#restarts.get(id);
    if (!restart) return;
    restart.timer = setTimeout(() => {
      this.#restart(id).catch(this.#tell(id, 'a container could not be restarted'));
    }, restart.delayMs);
  }

  async #restart(id: string): Promise<void> {
    const { records, locks, start } = this.#parts;
    try {
      await start(id);
    } catch (thrown) {
      using _turn = await locks.hold(id);
      const now = records.find(id);
      if (now?.state.status === 'restarting') records.apply(id, { type: 'restart-given-up' });
      throw thrown;
    }
  }

  /** After an engine's restart: one that waited for its turn does so again. */
  resumeRestart(container: Container): void {
    if (container.state.status !== 'restarting' || this.#restarts.has(container.id)) return;
    this.#restarts.set(container.id, { timer: undefined, delayMs: FIRST_DELAY_MS });
    this.#restartLater(container);
  }
}

/** What remains of an endpoint when its container does not run: where it belongs, no addresses. */
export function idle(endpoints: Container['runtime']['endpoints']): Container['runtime']['endpoints'] {
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, endpoint]) => [
      name,
      { ...endpoint, endpointId: '', gateway: '', ipv4: '', ipv4PrefixLength: 0, gateway6: '', ipv6: '', ipv6PrefixLength: 0, macAddress: '' },
    ]),
  );
}
