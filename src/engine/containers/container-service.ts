import { codeOf, EngineError, isKind, messageOf } from '#base/errors.ts';
import type { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import { type Filters, assertKnownFilters, hasLabels } from '#engine/filters.ts';
import type { LogQuery } from '#parts/logs/log-entry.ts';
import type { ContainerDetails } from './container.ts';
import { publishContainer } from './container-events.ts';
import type {
  AttachOptions, AttachSession, Containers, CreateRequest, ListQuery, LogStream, StopOptions, TerminalSize, WaitCondition, WaitResult,
} from './containers.ts';
import type { ContainerCreator } from './creator.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { cannotAttach, isRestarting, nameInUse, invalidName, notRenamed, notRunning } from './errors.ts';
import type { ContainerInspector } from './inspector.ts';
import type { LiveContainers } from './live-process.ts';
import type { ContainerLogs } from './container-logs.ts';
import { CONTAINER_NAME } from './names.ts';
import type { ContainerRecords } from './records.ts';
import type { ContainerRemover } from './remover.ts';
import { isLive } from './state.ts';
import type { ContainerStats, StatsMode, StatsReport } from './stats.ts';
import type { StdioHub } from './stdio-hub.ts';
import type { ContainerStarter } from './starter.ts';
import type { ContainerStopper } from './stopper.ts';
import { type ProcessTable, processTable } from './top.ts';
import type { ContainerUpdater, UpdateRequest } from './updater.ts';
import { isRunningToDocker, waitFor } from './waiters.ts';

interface Parts {
  readonly records: ContainerRecords;
  readonly creator: ContainerCreator;
  readonly starter: ContainerStarter;
  readonly stopper: ContainerStopper;
  readonly remover: ContainerRemover;
  readonly inspector: ContainerInspector;
  readonly logs: ContainerLogs;
  readonly stats: ContainerStats;
  readonly updater: ContainerUpdater;
  readonly hub: StdioHub;
  readonly live: LiveContainers;
  readonly locks: KeyedLock;
  readonly events: Events;
  readonly log: Log;
  readonly pidsOf: (id: string) => readonly number[];
  /** Stops or continues all processes of a container (the cgroup freezer). */
  readonly freeze: (id: string, frozen: boolean) => Promise<void>;
}

const PRUNE_FILTERS: ReadonlySet<string> = new Set(['label', 'label!', 'until']);

/** What users do with containers: each verb hands over to the one that knows how. */
export class ContainerService implements Containers {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  create(request: CreateRequest, cancel: AbortSignal): Promise<{ id: string; warnings: readonly string[] }> {
    return this.#parts.creator.create(request, cancel);
  }

  inspect(ref: string, options: { readonly size: boolean }): Promise<ContainerDetails> {
    return this.#parts.inspector.inspect(ref, options);
  }

  list(query: ListQuery): Promise<readonly ContainerDetails[]> {
    return this.#parts.inspector.list(query);
  }

  start(ref: string, cancel: AbortSignal): Promise<void> {
    return this.#parts.starter.start(ref, cancel);
  }

  stop(ref: string, options: StopOptions, cancel: AbortSignal): Promise<void> {
    return this.#parts.stopper.stop(ref, options, cancel);
  }

  async restart(ref: string, options: StopOptions, cancel: AbortSignal): Promise<void> {
    const { records, stopper, starter, events } = this.#parts;
    const { id } = records.get(ref);
    await stopper.stop(id, { ...options, keep: true }, cancel).catch(unlessNotModified);
    // it may have been started by somebody else in between
    await starter.start(id, cancel).catch(unlessNotModified);
    publishContainer(events, records.get(id), 'restart');
  }

  kill(ref: string, signal: string): Promise<void> {
    return this.#parts.stopper.kill(ref, signal);
  }

  async pause(ref: string): Promise<void> {
    const { records, locks, freeze, events } = this.#parts;
    const { id } = records.get(ref);
    using _turn = await locks.hold(id);
    const { state } = records.get(id);
    if (state.status === 'paused') throw new EngineError('conflict', `Container ${id} is already paused`);
    if (state.status === 'restarting') throw isRestarting(id);
    if (!isLive(state)) throw notRunning(id);
    await freeze(id, true).catch((thrown: unknown) => {
      // it ends at this moment: its cgroup is gone, its end is not stored yet
      throw codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENODEV' ? notRunning(id) : thrown;
    });
    publishContainer(events, records.apply(id, { type: 'paused' }), 'pause');
  }

  async unpause(ref: string): Promise<void> {
    const { records, locks, freeze, events } = this.#parts;
    const { id } = records.get(ref);
    using _turn = await locks.hold(id);
    // Docker answers 500 here, and clients know it so
    if (records.get(id).state.status !== 'paused') throw new EngineError('internal', `Container ${id} is not paused`);
    await freeze(id, false);
    publishContainer(events, records.apply(id, { type: 'unpaused' }), 'unpause');
  }

  async wait(ref: string, condition: WaitCondition, cancel: AbortSignal): Promise<{ done: Promise<WaitResult> }> {
    const { records } = this.#parts;
    return { done: waitFor(records, records.get(ref), condition, cancel) };
  }

  async attach(ref: string, options: AttachOptions, cancel: AbortSignal): Promise<AttachSession> {
    const { records, live, hub, events, logs } = this.#parts;
    const container = records.get(ref);
    const { id, state, spec } = container;
    if (options.detachKeys !== undefined) parseDetachKeys(options.detachKeys);
    if (state.status === 'paused' || state.status === 'restarting') throw cannotAttach(ref, state.status);
    cancel.throwIfAborted();
    const session = hub.session({
      id,
      process: live.find(id)?.process,
      settings: spec.process,
      options,
      onDetach: () => publishContainer(events, container, 'detach'),
    });
    publishContainer(events, container, 'attach');
    return options.logs ? logs.before(session, container, options, cancel) : session;
  }

  logs(ref: string, query: LogQuery, cancel: AbortSignal): Promise<LogStream> {
    return this.#parts.logs.read(this.#parts.records.get(ref), query, cancel);
  }

  async resize(ref: string, size: TerminalSize): Promise<void> {
    const { records, live } = this.#parts;
    const { id } = records.get(ref);
    const running = live.find(id);
    if (!running) throw notRunning(id);
    running.process.resize(size);
    publishContainer(this.#parts.events, records.get(id), 'resize', { height: String(size.rows), width: String(size.columns) });
  }

  async rename(ref: string, newName: string): Promise<void> {
    const { records, locks, events } = this.#parts;
    const { id } = records.get(ref);
    if (newName === '') throw new EngineError('invalid', 'Neither old nor new names may be empty');
    const name = newName.startsWith('/') ? newName.slice(1) : newName;
    using _turn = await locks.hold(id);
    const { name: oldName } = records.get(id);
    if (name === oldName) throw new EngineError('invalid', 'Renaming a container with the same name as its current name');
    if (!CONTAINER_NAME.test(name)) throw notRenamed(invalidName(`/${name}`));
    if (!records.isNameFree(name)) throw notRenamed(nameInUse(name, records.get(`/${name}`).id));
    publishContainer(events, records.rename(id, name), 'rename', { oldName: `/${oldName}` });
  }

  top(ref: string, psArgs: string): Promise<ProcessTable> {
    const container = this.#parts.records.get(ref);
    return processTable(container, psArgs, this.#parts.pidsOf).then((table) => {
      publishContainer(this.#parts.events, container, 'top');
      return table;
    });
  }

  stats(ref: string, mode: StatsMode, cancel: AbortSignal): AsyncIterable<StatsReport> {
    return this.#parts.stats.read(ref, mode, cancel);
  }

  update(ref: string, request: UpdateRequest): Promise<{ warnings: readonly string[] }> {
    return this.#parts.updater.update(ref, request);
  }

  async remove(ref: string, options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean }): Promise<void> {
    // dockerd's answer for a name that is not a link's, and there are no others here
    if (options.link) throw new EngineError('internal', 'Conflict, cannot remove the default link name of the container');
    await this.#parts.remover.remove(ref, options);
  }

  async prune(filters: Filters): Promise<{ deleted: string[]; reclaimedBytes: number }> {
    assertKnownFilters(filters, PRUNE_FILTERS);
    const { records, inspector, remover, events, log } = this.#parts;
    const until = untilOf(filters);
    const unwanted = filters.get('label!') ?? [];
    const deleted: string[] = [];
    let reclaimedBytes = 0;
    for (const container of records.list()) {
      const { labels } = container.spec.process;
      const fits =
        !isRunningToDocker(container) && container.state.status !== 'removing' && container.createdAt.getTime() < until &&
        hasLabels(labels, filters.get('label') ?? []) && !unwanted.some((one) => hasLabels(labels, [one]));
      if (!fits) continue;
      try {
        const { sizes } = await inspector.inspect(container.id, { size: true });
        await remover.remove(container.id, { force: false, volumes: false });
        deleted.push(container.id);
        reclaimedBytes += sizes?.writableBytes ?? 0;
      } catch (thrown) {
        // one that was started or removed meanwhile is not pruned
        log.warn('a container was not pruned', { id: container.id, error: messageOf(thrown) });
      }
    }
    events.publish({ type: 'container', action: 'prune', actorId: '', attributes: { reclaimed: String(reclaimedBytes) } });
    return { deleted, reclaimedBytes };
  }
}

/** What is so already is no failure of a restart. */
function unlessNotModified(thrown: unknown): void {
  if (!isKind(thrown, 'not-modified')) throw thrown;
}

/** Milliseconds since 1970, from `until=10m`, a date, or a Unix time. */
function untilOf(filters: Filters): number {
  const [text, ...more] = filters.get('until') ?? [];
  if (text === undefined) return Infinity;
  if (more.length > 0) throw new EngineError('invalid', 'more than one until filter specified');
  const duration = /^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text) ? durationMs(text) : undefined;
  const at = duration !== undefined ? Date.now() - duration : /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(at)) throw new EngineError('invalid', `failed to parse value as time or duration: "${text}"`);
  return at;
}

function durationMs(text: string): number {
  const unit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce((sum, [, count, name = 's']) => sum + Number(count) * (unit[name] ?? 0), 0);
}
