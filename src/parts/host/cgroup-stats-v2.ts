import { join } from 'node:path';
import { type CgroupLayout, cgroupFolders } from './cgroups.ts';
import type { BlockIoCount, CgroupStats } from './cgroup-stats.ts';
import { flatKeys, kernelText, numberOrMax } from './kernel-counters.ts';

const NS_PER_US = 1000;

/** @see https://docs.kernel.org/admin-guide/cgroup-v2.html */
export function readUnifiedStats(layout: CgroupLayout, path: string): CgroupStats | undefined {
  const folder = cgroupFolders(layout, path)[0] ?? '';
  const read = (file: string): string | undefined => kernelText(join(folder, file));
  if (read('cgroup.controllers') === undefined) return undefined;
  const cpu = flatKeys(read('cpu.stat'));
  return {
    cpu: {
      totalNs: (cpu['usage_usec'] ?? 0) * NS_PER_US,
      perCpuNs: undefined,
      kernelNs: (cpu['system_usec'] ?? 0) * NS_PER_US,
      userNs: (cpu['user_usec'] ?? 0) * NS_PER_US,
      periods: cpu['nr_periods'] ?? 0,
      throttledPeriods: cpu['nr_throttled'] ?? 0,
      throttledNs: (cpu['throttled_usec'] ?? 0) * NS_PER_US,
    },
    memory: {
      usageBytes: numberOrMax(read('memory.current')) ?? 0,
      maxUsageBytes: undefined,
      failures: flatKeys(read('memory.events'))['oom'] ?? 0,
      limitBytes: numberOrMax(read('memory.max')) ?? Infinity,
      details: memoryDetails(read('memory.stat')),
    },
    blockIo: { ...NOT_COUNTED, bytes: blockIoBytes(read('io.stat')) },
    pids: { current: numberOrMax(read('pids.current')) ?? 0, limit: numberOrMax(read('pids.max')) ?? Infinity },
  };
}

const NOT_COUNTED = { operations: null, queued: null, serviceTime: null, waitTime: null, merged: null, time: null, sectors: null } as const;

/** What Docker shows of memory.stat, whether the kernel has it or not. */
const DETAILS: readonly string[] = [
  'active_anon', 'active_file', 'anon', 'anon_thp', 'file', 'file_dirty', 'file_mapped', 'file_writeback', 'inactive_anon', 'inactive_file',
  'kernel_stack', 'pgactivate', 'pgdeactivate', 'pgfault', 'pglazyfree', 'pglazyfreed', 'pgmajfault', 'pgrefill', 'pgscan', 'pgsteal',
  'shmem', 'slab', 'slab_reclaimable', 'slab_unreclaimable', 'sock', 'thp_collapse_alloc', 'thp_fault_alloc', 'unevictable',
  'workingset_activate', 'workingset_nodereclaim', 'workingset_refault',
];

function memoryDetails(text: string | undefined): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  const found = flatKeys(text);
  // newer kernels count refaults and activations of anonymous and file pages apart
  const parted = (name: string): number => (found[`${name}_anon`] ?? 0) + (found[`${name}_file`] ?? 0);
  return Object.fromEntries(DETAILS.map((name) => [name, found[name] ?? parted(name)]));
}

/** `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`, a device a line. */
function blockIoBytes(text: string | undefined): readonly BlockIoCount[] {
  return (text ?? '').split('\n').flatMap((line) => {
    const [, major, minor, rest = ''] = /^(\d+):(\d+)((?: \w+=\d+)+)$/.exec(line) ?? [];
    if (major === undefined) return [];
    const device = { major: Number(major), minor: Number(minor) };
    const value = (key: string): number => Number(new RegExp(` ${key}=(\\d+)`).exec(rest)?.[1] ?? 0);
    return [
      { ...device, operation: 'read', value: value('rbytes') },
      { ...device, operation: 'write', value: value('wbytes') },
    ];
  });
}
