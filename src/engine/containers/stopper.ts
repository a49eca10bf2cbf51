import { EngineError, messageOf } from '#base/errors.ts';
import type { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { StopOptions } from './containers.ts';
import { notRunning } from './errors.ts';
import type { LiveContainers } from './live-process.ts';
import type { ContainerRecords } from './records.ts';
import { isLive } from './state.ts';
import type { ContainerSupervisor } from './supervisor.ts';
import { isRunningToDocker } from './waiters.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;
/** After SIGKILL only the kernel is waited for. */
const KILL_TIMEOUT_MS = 10_000;
/** A timer takes 31 bits: who waits longer than this waits for ever. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;
const SIGKILL = 9;

interface Parts {
  readonly records: ContainerRecords;
  readonly live: LiveContainers;
  readonly locks: KeyedLock;
  readonly supervisor: ContainerSupervisor;
  readonly events: Events;
  readonly log: Log;
  /** `SIGTERM`, `term`, `15` to the number. Throws `invalid`: `invalid signal: X`. */
  readonly signalNumber: (text: string) => number;
  readonly unpause: (id: string) => Promise<void>;
}

/** Ends containers: by any signal, or by a polite one and SIGKILL after the grace time. */
export class ContainerStopper {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** All of its failures bear Docker's preface, that there is no such container too. */
  async kill(ref: string, signal: string): Promise<void> {
    try {
      await this.#kill(ref, signal);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      throw new EngineError(thrown.kind, `cannot kill container: ${ref}: ${thrown.message}`, { cause: thrown });
    }
  }

  async #kill(ref: string, signal: string): Promise<void> {
    const { records, signalNumber, events } = this.#parts;
    const number = signal === '' ? SIGKILL : signalNumber(signal);
    const { container, wasWaiting } = await this.#settled(records.get(ref).id, ({ id, state }) => {
      if (!isLive(state) && state.status !== 'restarting') throw notRunning(id);
    });
    if (wasWaiting) return;
    // who is killed by hand stays down, unless the signal is one that it may survive
    const { stopSignal } = container.spec.process;
    if (number === SIGKILL || number === signalNumber(stopSignal || 'SIGTERM')) records.updateFacts(container.id, { stoppedByUser: true });
    // Docker lets a frozen process go on for a signal that is to end it
    if (number === SIGKILL || !stopSignal || number === signalNumber(stopSignal)) await this.#thaw(container);
    this.#signal(container, number);
    publishContainer(events, container, 'kill', { signal: String(number) });
    if (number === SIGKILL) await this.#gone(container, KILL_TIMEOUT_MS);
  }

  /**
   * @param options.keep a container of `--rm` is not removed: it is started again
   * @throws {EngineError} `not-modified` when it does not run
   */
  async stop(ref: string, options: StopOptions & { readonly keep?: boolean }, cancel: AbortSignal): Promise<void> {
    const { records, supervisor } = this.#parts;
    const { container, wasWaiting } = await this.#settled(records.get(ref).id, (found) => {
      if (!isRunningToDocker(found)) throw new EngineError('not-modified', `container ${found.id} is already stopped`);
      this.#checkSignal(ref, options.signal);
    });
    if (wasWaiting) return;
    records.updateFacts(container.id, { stoppedByUser: true });
    using _announced = supervisor.announceStop(container.id, { keep: options.keep ?? false });
    await this.#end(container, options, cancel);
  }

  /**
   * The container once a start or an end that is under way is through. One that waited for its restart has none any more.
   *
   * @param check may throw; nothing has been changed then
   */
  async #settled(id: string, check: (container: Container) => void): Promise<{ readonly container: Container; readonly wasWaiting: boolean }> {
    const { records, locks, supervisor } = this.#parts;
    using _turn = await locks.hold(id);
    const container = records.get(id);
    check(container);
    if (container.state.status !== 'restarting') return { container, wasWaiting: false };
    supervisor.cancelRestart(id);
    return { container: records.apply(id, { type: 'restart-given-up' }, { stoppedByUser: true }), wasWaiting: true };
  }

  /** Docker answers 500 here. */
  #checkSignal(ref: string, signal: string | undefined): void {
    try {
      if (signal !== undefined) this.#parts.signalNumber(signal);
    } catch (thrown) {
      throw new EngineError('internal', `cannot stop container: ${ref}: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /** The polite signal, the grace time, SIGKILL; returns when the container is down. */
  async #end(container: Container, options: StopOptions, cancel: AbortSignal): Promise<void> {
    const { events, signalNumber, log } = this.#parts;
    const number = signalNumber(options.signal || container.spec.process.stopSignal || 'SIGTERM');
    const seconds = options.timeoutSeconds ?? container.spec.process.stopTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
    await this.#thaw(container);
    this.#signal(container, number);
    publishContainer(events, container, 'kill', { signal: String(number) });
    if (await this.#gone(container, seconds < 0 ? Infinity : seconds * 1000, cancel)) return;
    log.info('container did not stop in time, it is killed', { id: container.id, seconds });
    await this.#thaw(container);
    this.#signal(container, SIGKILL);
    publishContainer(events, container, 'kill', { signal: String(SIGKILL) });
    if (!(await this.#gone(container, KILL_TIMEOUT_MS))) {
      throw new EngineError('internal', `cannot stop container: ${container.id}: tried to kill container, but did not receive an exit event`);
    }
  }

  /** A frozen process gets no signal before it thaws. */
  async #thaw({ id }: Container): Promise<void> {
    const isPaused = (): boolean => this.#parts.records.find(id)?.state.status === 'paused';
    if (!isPaused()) return;
    try {
      await this.#parts.unpause(id);
    } catch (thrown) {
      if (isPaused()) throw thrown; // else someone else was quicker, or it has ended
    }
  }

  /** One whose end is being handled at this moment gets none. */
  #signal({ id }: Container, number: number): void {
    this.#parts.live.find(id)?.process.signal(number);
  }

  /** True when it has ended within the time. A client that goes away meanwhile does not stop the stopping. */
  async #gone(container: Container, timeoutMs: number, cancel?: AbortSignal): Promise<boolean> {
    const stop = new AbortController();
    const timer = timeoutMs > LONGEST_WAIT_MS ? undefined : setTimeout(() => stop.abort(new Error('in time')), timeoutMs);
    const now = this.#parts.records.find(container.id);
    try {
      if (!now || !isLive(now.state)) return true;
      cancel?.throwIfAborted();
      await waitWhileLive(this.#parts.records, now, stop.signal);
      return true;
    } catch (thrown) {
      if (stop.signal.aborted) return false;
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Unlike the API's wait, a container that is to be restarted counts as ended. */
function waitWhileLive(records: ContainerRecords, container: Container, cancel: AbortSignal): Promise<void> {
  const waiting = Promise.withResolvers<void>();
  const watch = records.watch((id, now) => {
    if (id === container.id && (!now || !isLive(now.state))) waiting.resolve();
  });
  const onAbort = (): void => waiting.reject(cancel.reason as Error);
  cancel.addEventListener('abort', onAbort, { once: true });
  return waiting.promise.finally(() => watch[Symbol.dispose]());
}
