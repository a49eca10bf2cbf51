import { accessSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '#base/errors.ts';
import { type CgroupLayout, cgroupFolders } from '#parts/host/cgroups.ts';
import type { ResourceLimits } from './settings.ts';

/** One value for one file of a cgroup. */
export interface LimitWrite {
  readonly file: string;
  readonly value: string;
}

const NANO_CPU_PERIOD_US = 100_000;

/**
 * What is to be written, in order, so that a running container's cgroup has new limits.
 *
 * @param asked only these change; 0, an empty text and null leave what is there; `pidsLimit` 0 or less takes the limit away
 * @param merged the container's limits with those that were asked for
 * @throws {EngineError} `internal`: swap without memory on version 2, which knows no sum of both
 */
export function limitWrites(layout: CgroupLayout, path: string, asked: ResourceLimits, merged: ResourceLimits): readonly LimitWrite[] {
  return layout.version === 2 ? unifiedWrites(cgroupFolders(layout, path)[0] ?? '', asked, merged) : legacyWrites(layout, path, asked);
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/index.html */
function legacyWrites(layout: CgroupLayout, path: string, asked: ResourceLimits): readonly LimitWrite[] {
  const at = (controller: string, file: string): string => join(layout.hierarchies.get(controller) ?? `/sys/fs/cgroup/${controller}`, path, file);
  const writes = new WriteList();
  writes.number(firstThere([at('blkio', 'blkio.weight'), at('blkio', 'blkio.bfq.weight')]), asked.blkioWeight);
  const { periodUs, quotaUs } = bandwidth(asked);
  writes.number(at('cpu', 'cpu.shares'), asked.cpuShares);
  writes.number(at('cpu', 'cpu.rt_period_us'), asked.cpuRealtimePeriodUs);
  writes.number(at('cpu', 'cpu.rt_runtime_us'), asked.cpuRealtimeRuntimeUs);
  writes.number(at('cpu', 'cpu.cfs_period_us'), periodUs);
  writes.number(at('cpu', 'cpu.cfs_quota_us'), quotaUs);
  writes.text(at('cpuset', 'cpuset.cpus'), asked.cpusetCpus);
  writes.text(at('cpuset', 'cpuset.mems'), asked.cpusetMems);
  const memory = at('memory', 'memory.limit_in_bytes');
  const sum = at('memory', 'memory.memsw.limit_in_bytes');
  // memory may never be above the sum, not even for a moment
  const sumFirst = asked.memorySwapBytes === -1 || asked.memorySwapBytes > Number(textOf(sum));
  if (sumFirst) writes.number(sum, asked.memorySwapBytes);
  writes.number(memory, asked.memoryBytes);
  if (!sumFirst) writes.number(sum, asked.memorySwapBytes);
  writes.number(at('memory', 'memory.soft_limit_in_bytes'), asked.memoryReservationBytes);
  writes.limit(at('pids', 'pids.max'), asked.pidsLimit);
  return writes.list;
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v2.html */
function unifiedWrites(folder: string, asked: ResourceLimits, merged: ResourceLimits): readonly LimitWrite[] {
  const at = (file: string): string => join(folder, file);
  const writes = new WriteList();
  if (asked.blkioWeight > 0) {
    const bfq = at('io.bfq.weight');
    if (firstThere([bfq, at('io.weight')]) === bfq) writes.number(bfq, asked.blkioWeight);
    else writes.text(at('io.weight'), `default ${rescaled(asked.blkioWeight, [10, 1000], [1, 10_000])}`);
  }
  if (asked.cpuShares > 0) writes.number(at('cpu.weight'), rescaled(Math.min(Math.max(asked.cpuShares, 2), 262_144), [2, 262_144], [1, 10_000]));
  const { periodUs, quotaUs } = bandwidth(asked);
  if (periodUs !== 0 || quotaUs !== 0) {
    const [quotaNow = 'max', periodNow = ''] = textOf(at('cpu.max')).trim().split(' ');
    const quota = quotaUs === 0 ? quotaNow : quotaUs < 0 ? 'max' : String(quotaUs);
    writes.text(at('cpu.max'), `${quota} ${periodUs === 0 ? periodNow : periodUs}`.trim());
  }
  writes.text(at('cpuset.cpus'), asked.cpusetCpus);
  writes.text(at('cpuset.mems'), asked.cpusetMems);
  if (asked.memoryBytes !== 0 || asked.memorySwapBytes !== 0) writeUnifiedSwap(writes, at('memory.swap.max'), merged);
  writes.number(at('memory.max'), asked.memoryBytes);
  writes.number(at('memory.low'), asked.memoryReservationBytes);
  writes.limit(at('pids.max'), asked.pidsLimit);
  return writes.list;
}

function writeUnifiedSwap(writes: WriteList, file: string, { memoryBytes, memorySwapBytes }: ResourceLimits): void {
  if (memorySwapBytes === -1) writes.text(file, 'max');
  if (memorySwapBytes <= 0) return;
  if (memoryBytes === 0) throw new EngineError('internal', 'unable to set swap limit without memory limit');
  writes.text(file, String(memorySwapBytes - memoryBytes));
}

/** `cpus` in the kernel's two numbers; 0 leaves what is there. */
function bandwidth({ nanoCpus, cpuPeriodUs, cpuQuotaUs }: ResourceLimits): { periodUs: number; quotaUs: number } {
  if (nanoCpus > 0) return { periodUs: NANO_CPU_PERIOD_US, quotaUs: Math.trunc((nanoCpus * NANO_CPU_PERIOD_US) / 1e9) };
  return { periodUs: cpuPeriodUs, quotaUs: cpuQuotaUs };
}

/** As OCI runtimes turn a number of version 1 into one of version 2. */
function rescaled(value: number, [from, to]: readonly [number, number], [least, most]: readonly [number, number]): number {
  return Math.trunc(least + ((value - from) * (most - least)) / (to - from));
}

class WriteList {
  readonly list: LimitWrite[] = [];

  number(file: string, value: number): void {
    if (value !== 0) this.text(file, String(value));
  }

  text(file: string, value: string): void {
    if (value !== '') this.list.push({ file, value });
  }

  limit(file: string, value: number | null): void {
    if (value !== null) this.text(file, value > 0 ? String(value) : 'max');
  }
}

function firstThere(files: readonly [string, string]): string {
  try {
    accessSync(files[0]);
    return files[0];
  } catch {
    return files[1];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
