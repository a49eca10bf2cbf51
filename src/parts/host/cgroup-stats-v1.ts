import { join } from 'node:path';
import type { CgroupLayout } from './cgroups.ts';
import type { BlockIoCount, BlockIoCounters, CgroupStats, CpuCounters, MemoryCounters } from './cgroup-stats.ts';
import { flatKeys, kernelText, numberOrMax } from './kernel-counters.ts';

/** USER_HZ, in which cpuacct.stat counts: 100 on every architecture that Linux still has. */
const NS_PER_TICK = 10_000_000;

/** Reads a file of one controller's cgroup; undefined where the host has no such controller or file. */
type Read = (controller: string, file: string) => string | undefined;

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/index.html */
export function readLegacyStats(layout: CgroupLayout, path: string): CgroupStats | undefined {
  const read: Read = (controller, file) => {
    const root = layout.hierarchies.get(controller);
    return root === undefined ? undefined : kernelText(join(root, path, file));
  };
  if (!['cpuacct', 'memory', 'pids'].some((controller) => read(controller, 'cgroup.procs') !== undefined)) return undefined;
  return {
    cpu: cpuCounters(read),
    memory: memoryCounters(read),
    blockIo: blockIoCounters(read),
    pids: { current: numberOrMax(read('pids', 'pids.current')) ?? 0, limit: numberOrMax(read('pids', 'pids.max')) ?? Infinity },
  };
}

function cpuCounters(read: Read): CpuCounters {
  const perCpu = read('cpuacct', 'cpuacct.usage_percpu')?.trim();
  const ticks = flatKeys(read('cpuacct', 'cpuacct.stat'));
  const quota = flatKeys(read('cpu', 'cpu.stat'));
  return {
    totalNs: numberOrMax(read('cpuacct', 'cpuacct.usage')) ?? 0,
    perCpuNs: perCpu === undefined || perCpu === '' ? undefined : perCpu.split(/\s+/).map(Number),
    kernelNs: (ticks['system'] ?? 0) * NS_PER_TICK,
    userNs: (ticks['user'] ?? 0) * NS_PER_TICK,
    periods: quota['nr_periods'] ?? 0,
    throttledPeriods: quota['nr_throttled'] ?? 0,
    throttledNs: quota['throttled_time'] ?? 0,
  };
}

/** What Docker shows of memory.stat, whether the kernel has it or not. */
const OWN_DETAILS = [
  'active_anon', 'active_file', 'cache', 'dirty', 'inactive_anon', 'inactive_file', 'mapped_file', 'pgfault', 'pgmajfault',
  'pgpgin', 'pgpgout', 'rss', 'rss_huge', 'unevictable', 'writeback',
];
const DETAILS = [...OWN_DETAILS, 'hierarchical_memory_limit', 'hierarchical_memsw_limit', ...OWN_DETAILS.map((name) => `total_${name}`)].toSorted();

function memoryCounters(read: Read): MemoryCounters {
  const usage = numberOrMax(read('memory', 'memory.usage_in_bytes'));
  const found = flatKeys(read('memory', 'memory.stat'));
  return {
    usageBytes: usage ?? 0,
    maxUsageBytes: numberOrMax(read('memory', 'memory.max_usage_in_bytes')),
    failures: numberOrMax(read('memory', 'memory.failcnt')) ?? 0,
    limitBytes: numberOrMax(read('memory', 'memory.limit_in_bytes')) ?? Infinity,
    details: usage === undefined ? {} : Object.fromEntries(DETAILS.map((name) => [name, found[name] ?? 0])),
  };
}

/** The scheduler's files tell everything; where that scheduler is not in use, the throttling layer's tell bytes and operations. */
function blockIoCounters(read: Read): BlockIoCounters {
  const counts = (file: string): readonly BlockIoCount[] => blockIoCounts(read('blkio', `blkio.${file}`));
  const fromScheduler = counts('io_serviced_recursive');
  const scheduled = fromScheduler.length > 0;
  const from = (file: string): readonly BlockIoCount[] => (scheduled ? counts(file) : []);
  return {
    bytes: counts(scheduled ? 'io_service_bytes_recursive' : 'throttle.io_service_bytes_recursive'),
    operations: scheduled ? fromScheduler : counts('throttle.io_serviced_recursive'),
    queued: from('io_queued_recursive'),
    serviceTime: from('io_service_time_recursive'),
    waitTime: from('io_wait_time_recursive'),
    merged: from('io_merged_recursive'),
    time: from('time_recursive'),
    sectors: from('sectors_recursive'),
  };
}

/** Lines such as `254:0 Read 4096` and `254:0 17`; the sum over all devices has no number and is left out. */
function blockIoCounts(text: string | undefined): readonly BlockIoCount[] {
  return (text ?? '').split('\n').flatMap((line) => {
    const [, major, minor, operation = '', value] = /^(\d+):(\d+)(?: (\w+))? (\d+)$/.exec(line) ?? [];
    return value === undefined ? [] : [{ major: Number(major), minor: Number(minor), operation, value: Number(value) }];
  });
}
