import type { CgroupLayout } from './cgroups.ts';
import { readLegacyStats } from './cgroup-stats-v1.ts';
import { readUnifiedStats } from './cgroup-stats-v2.ts';

/** What the kernel has counted for one cgroup since it was made. Empty or undefined is what this version does not count. */
export interface CgroupStats {
  readonly cpu: CpuCounters;
  readonly memory: MemoryCounters;
  readonly blockIo: BlockIoCounters;
  readonly pids: PidsCounters;
}

/** Nanoseconds. */
export interface CpuCounters {
  readonly totalNs: number;
  /** By number of the processor; version 1 alone. */
  readonly perCpuNs: readonly number[] | undefined;
  readonly kernelNs: number;
  readonly userNs: number;
  /** Enforcement periods of the quota, those in which it ran dry, and how long that kept processes waiting. */
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNs: number;
}

export interface MemoryCounters {
  readonly usageBytes: number;
  /** Version 1 alone. */
  readonly maxUsageBytes: number | undefined;
  /** How often the limit was hit (version 1), how often memory ran out (version 2). */
  readonly failures: number;
  /** Infinity where there is none. */
  readonly limitBytes: number;
  /** The kernel's own names (memory.stat). */
  readonly details: Readonly<Record<string, number>>;
}

/** One count of one block device; `operation` in the kernel's word. */
export interface BlockIoCount {
  readonly major: number;
  readonly minor: number;
  readonly operation: string;
  readonly value: number;
}

/** Version 2 has bytes alone; null is what a version never counts. */
export interface BlockIoCounters {
  readonly bytes: readonly BlockIoCount[];
  readonly operations: readonly BlockIoCount[] | null;
  readonly queued: readonly BlockIoCount[] | null;
  readonly serviceTime: readonly BlockIoCount[] | null;
  readonly waitTime: readonly BlockIoCount[] | null;
  readonly merged: readonly BlockIoCount[] | null;
  readonly time: readonly BlockIoCount[] | null;
  readonly sectors: readonly BlockIoCount[] | null;
}

export interface PidsCounters {
  readonly current: number;
  /** Infinity where there is none. */
  readonly limit: number;
}

/**
 * Reads the counters of the cgroup called `path`.
 *
 * @returns undefined when the cgroup is not there
 */
export function readCgroupStats(layout: CgroupLayout, path: string): CgroupStats | undefined {
  return layout.version === 2 ? readUnifiedStats(layout, path) : readLegacyStats(layout, path);
}
