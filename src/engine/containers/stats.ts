import { setTimeout as pause } from 'node:timers/promises';
import type { CgroupStats } from '#parts/host/cgroup-stats.ts';
import type { CpuTime } from '#parts/host/cpu-time.ts';
import type { NetCounters } from '#parts/host/net-counters.ts';
import type { Container } from './container.ts';
import type { ContainerRecords } from './records.ts';
import { isLive } from './state.ts';

const INTERVAL_MS = 1000;

/** What was counted for a container at one moment. */
export interface StatsSample {
  readonly at: Date;
  readonly counters: CgroupStats;
  /** Of the whole host. */
  readonly cpu: CpuTime;
  /** Never more than what the host has. */
  readonly memoryLimitBytes: number;
  /** By interface; empty without a network, and in the host's. */
  readonly networks: ReadonlyMap<string, NetCounters>;
}

/** A container's counters now and a moment before, so that rates can be told. undefined while it does not run. */
export interface StatsReport {
  readonly id: string;
  readonly name: string;
  readonly now: StatsSample | undefined;
  readonly before: StatsSample | undefined;
}

/** `once`: one report, at once. `pair`: one that has a moment before. `stream`: one each second, until the container is removed. */
export type StatsMode = 'once' | 'pair' | 'stream';

/** Where the counters come from: the kernel. */
export interface StatsSources {
  /** undefined when the container's cgroup has gone. */
  readonly counters: (container: Container) => CgroupStats | undefined;
  readonly cpu: () => CpuTime;
  /** `pid`: the container's first process. */
  readonly networks: (pid: number) => ReadonlyMap<string, NetCounters>;
  readonly hostMemoryBytes: () => number;
}

interface Parts {
  readonly records: ContainerRecords;
  readonly sources: StatsSources;
  /** 1000 unless a test is in a hurry. */
  readonly intervalMs?: number;
}

/** Tells what containers use. Each reader has a clock of its own; nothing is counted while nobody asks. */
export class ContainerStats {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {EngineError} `not-found` */
  read(ref: string, mode: StatsMode, cancel: AbortSignal): AsyncIterable<StatsReport> {
    return this.#reports(this.#parts.records.get(ref), mode, cancel);
  }

  async *#reports({ id }: Container, mode: StatsMode, cancel: AbortSignal): AsyncGenerator<StatsReport> {
    const { records, intervalMs = INTERVAL_MS } = this.#parts;
    let before: StatsSample | undefined;
    for (let first = true; ; first = false) {
      const container = records.find(id);
      if (!container) return;
      const now = this.#sample(container);
      const last = mode === 'once' || now === undefined || !first;
      if (mode === 'stream' || last) yield { id, name: container.name, now, before: now && before };
      if (mode !== 'stream' && last) return;
      before = now;
      if (!(await passed(intervalMs, cancel))) return;
    }
  }

  #sample(container: Container): StatsSample | undefined {
    const { state } = container;
    if (!isLive(state)) return undefined;
    const { counters: read, cpu, networks, hostMemoryBytes } = this.#parts.sources;
    const counters = read(container);
    // it ends just now: its state will follow
    if (!counters) return undefined;
    const memoryLimitBytes = Math.min(counters.memory.limitBytes, hostMemoryBytes());
    return { at: new Date(), counters, cpu: cpu(), memoryLimitBytes, networks: networks(state.pid) };
  }
}

/** False when the reader has gone. */
async function passed(ms: number, cancel: AbortSignal): Promise<boolean> {
  await pause(ms, undefined, { signal: cancel }).catch(() => {});
  return !cancel.aborted;
}
