import { messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Container, Health } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { ExecSpec } from './execs.ts';
import type { ContainerRecords } from './records.ts';
import { isLive } from './state.ts';

// Docker's defaults and bounds (moby daemon/health.go)
const DEFAULT_INTERVAL_NS = 30e9;
const DEFAULT_TIMEOUT_NS = 30e9;
const DEFAULT_START_INTERVAL_NS = 5e9;
const DEFAULT_RETRIES = 3;
const KEPT_PROBES = 5;
const MAX_OUTPUT_BYTES = 4096;

interface Parts {
  readonly records: ContainerRecords;
  readonly events: Events;
  readonly log: Log;
  readonly run: (id: string, spec: ExecSpec, limit: { readonly bytes: number }, cancel: AbortSignal) => Promise<{ exitCode: number; output: string }>;
}

interface Watched {
  readonly stop: AbortController;
  health: Health;
}

type Probe = Health['log'][number];

/** Runs the health checks of the containers that have one, one probe at a time each. */
export class HealthMonitor {
  readonly #parts: Parts;
  readonly #watched = new Map<string, Watched>();

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.records.watch((id, container) => {
      if (!container || !isLive(container.state)) this.#end(id, container === undefined);
    });
  }

  healthOf(id: string): Health | null {
    return this.#watched.get(id)?.health ?? null;
  }

  /** Call when a container has started, or was found running. */
  begin(container: Container): void {
    const command = commandOf(container);
    if (!command) return;
    this.#end(container.id, true);
    const watched: Watched = { stop: new AbortController(), health: { status: 'starting', failingStreak: 0, log: [] } };
    this.#watched.set(container.id, watched);
    this.#probeForever(container, command, watched).catch((thrown: unknown) => {
      if (!watched.stop.signal.aborted) this.#parts.log.error('a health check broke off', { id: container.id, error: thrown });
    });
  }

  stop(): void {
    for (const { stop } of this.#watched.values()) stop.abort();
  }

  #end(id: string, forget: boolean): void {
    this.#watched.get(id)?.stop.abort();
    if (forget) this.#watched.delete(id);
  }

  async #probeForever(container: Container, command: readonly string[], watched: Watched): Promise<void> {
    const check = container.spec.process.healthcheck;
    if (!check) return;
    const begunAt = Date.now();
    const { signal } = watched.stop;
    while (!signal.aborted) {
      const inStart = watched.health.status === 'starting' && Date.now() - begunAt < check.startPeriodNs / 1e6;
      const interval = inStart ? check.startIntervalNs || DEFAULT_START_INTERVAL_NS : check.intervalNs || DEFAULT_INTERVAL_NS;
      await pause(interval / 1e6, signal);
      if (signal.aborted) return;
      if (this.#parts.records.find(container.id)?.state.status !== 'running') continue;
      const probe = await this.#probe(container, command, (check.timeoutNs || DEFAULT_TIMEOUT_NS) / 1e6, signal);
      if (signal.aborted) return;
      const graced = Date.now() - begunAt < check.startPeriodNs / 1e6;
      this.#judge(container, watched, probe, { retries: check.retries || DEFAULT_RETRIES, graced });
    }
  }

  async #probe(container: Container, command: readonly string[], timeoutMs: number, stopped: AbortSignal): Promise<Probe> {
    const startedAt = new Date();
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error(`Health check exceeded timeout (${timeoutMs / 1000}s)`)), timeoutMs);
    try {
      const { exitCode, output } = await this.#parts.run(container.id, probeSpec(command), { bytes: MAX_OUTPUT_BYTES }, AbortSignal.any([timeout.signal, stopped]));
      return { startedAt, endedAt: new Date(), exitCode, output };
    } catch (thrown) {
      return { startedAt, endedAt: new Date(), exitCode: -1, output: messageOf(thrown) };
    } finally {
      clearTimeout(timer);
    }
  }

  #judge(container: Container, watched: Watched, probe: Probe, rules: { retries: number; graced: boolean }): void {
    const { status, failingStreak, log } = watched.health;
    const healthy = probe.exitCode === 0;
    const forgiven = !healthy && rules.graced && status === 'starting';
    const streak = healthy ? 0 : forgiven ? failingStreak : failingStreak + 1;
    const verdict = healthy ? 'healthy' : streak >= rules.retries ? 'unhealthy' : status;
    watched.health = { status: verdict, failingStreak: streak, log: [...log, probe].slice(-KEPT_PROBES) };
    if (verdict !== status) publishContainer(this.#parts.events, container, `health_status: ${verdict}`);
  }
}

/** undefined where there is no check. */
function commandOf({ spec }: Container): readonly string[] | undefined {
  const [kind, ...rest] = spec.process.healthcheck?.test ?? [];
  if (kind === 'CMD') return rest;
  if (kind === 'CMD-SHELL') return [...(spec.process.shell ?? ['/bin/sh', '-c']), ...rest];
  return undefined;
}

function probeSpec(args: readonly string[]): ExecSpec {
  return {
    args,
    env: [], user: '', workingDir: '', privileged: false, tty: false,
    attachStdin: false, attachStdout: true, attachStderr: true,
    detachKeys: undefined, size: undefined,
  };
}

function pause(ms: number, cancel: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      cancel.removeEventListener('abort', done);
      resolve();
    }
    cancel.addEventListener('abort', done, { once: true });
  });
}
