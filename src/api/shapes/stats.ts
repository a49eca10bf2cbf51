import type { StatsReport, StatsSample } from '#engine/containers/stats.ts';
import type { BlockIoCount, BlockIoCounters } from '#parts/host/cgroup-stats.ts';
import type { NetCounters } from '#parts/host/net-counters.ts';
import type { BlkioStatEntry, BlkioStats, CpuStats, MemoryStats, NetworkStats, StatsResponse } from '#protocol/stats.ts';
import { formatGoTime } from '#protocol/timestamps.ts';
import { withoutEmpty } from './empty.ts';

/** A report as dockerd 28.5 answers it; zeros that Go leaves out are left out. */
export function statsResponse({ id, name, now, before }: StatsReport, shape: { readonly osType: boolean }): StatsResponse {
  const networks = now && now.networks.size > 0 ? { networks: networkStats(now.networks) } : {};
  return {
    name: `/${name}`,
    id,
    ...(shape.osType && { os_type: 'linux' }),
    read: formatGoTime(now?.at ?? null),
    preread: formatGoTime(before?.at ?? null),
    pids_stats: pidsStats(now),
    blkio_stats: blkioStats(now?.counters.blockIo),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(now),
    precpu_stats: cpuStats(before),
    memory_stats: memoryStats(now),
    ...networks,
  };
}

/** Go's numbers of 64 bits that ours would be rounded to when they are printed. The type is that of the answer's reader. */
function exactly(value: bigint): number {
  return (JSON as unknown as { rawJSON(text: string): number }).rawJSON(String(value));
}

const MOST = exactly(2n ** 64n - 1n);

function pidsStats(sample: StatsSample | undefined): StatsResponse['pids_stats'] {
  if (!sample) return {};
  const { pids, memory } = sample.counters;
  // version 2 is told by what it does not count
  const unlimited = memory.maxUsageBytes === undefined ? { limit: MOST } : {};
  return { ...withoutEmpty({ current: pids.current }), ...(pids.limit === Infinity ? unlimited : { limit: pids.limit }) };
}

const NOTHING: BlockIoCounters = {
  bytes: [], operations: null, queued: null, serviceTime: null, waitTime: null, merged: null, time: null, sectors: null,
};

function blkioStats(io: BlockIoCounters | undefined): BlkioStats {
  const { bytes, operations, queued, serviceTime, waitTime, merged, time, sectors } = io ?? NOTHING;
  return {
    io_service_bytes_recursive: io ? entries(bytes) : null,
    io_serviced_recursive: entries(operations),
    io_queue_recursive: entries(queued),
    io_service_time_recursive: entries(serviceTime),
    io_wait_time_recursive: entries(waitTime),
    io_merged_recursive: entries(merged),
    io_time_recursive: entries(time),
    sectors_recursive: entries(sectors),
  };
}

function entries(counts: readonly BlockIoCount[] | null): readonly BlkioStatEntry[] | null {
  return counts && counts.map(({ major, minor, operation, value }) => ({ major, minor, op: operation, value }));
}

function cpuStats(sample: StatsSample | undefined): CpuStats {
  const cpu = sample?.counters.cpu;
  return {
    cpu_usage: {
      total_usage: cpu?.totalNs ?? 0,
      ...(cpu?.perCpuNs && { percpu_usage: cpu.perCpuNs }),
      usage_in_kernelmode: cpu?.kernelNs ?? 0,
      usage_in_usermode: cpu?.userNs ?? 0,
    },
    ...withoutEmpty({ system_cpu_usage: sample?.cpu.totalNs ?? 0, online_cpus: sample?.cpu.onlineCpus ?? 0 }),
    throttling_data: { periods: cpu?.periods ?? 0, throttled_periods: cpu?.throttledPeriods ?? 0, throttled_time: cpu?.throttledNs ?? 0 },
  };
}

function memoryStats(sample: StatsSample | undefined): MemoryStats {
  if (!sample) return {};
  const { usageBytes, maxUsageBytes = 0, details, failures } = sample.counters.memory;
  return withoutEmpty<MemoryStats>({ usage: usageBytes, max_usage: maxUsageBytes, stats: exactDetails(details), failcnt: failures, limit: sample.memoryLimitBytes });
}

/** "No limit" of version 1 is the largest multiple of a page, digit for digit. */
function exactDetails(details: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const entries = Object.entries(details).map(([name, value]): [string, number] => [name, Number.isSafeInteger(value) ? value : exactly(BigInt(value))]);
  return Object.fromEntries(entries);
}

function networkStats(networks: ReadonlyMap<string, NetCounters>): Readonly<Record<string, NetworkStats>> {
  const byName = [...networks].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    byName.map(([name, counts]) => [
      name,
      {
        rx_bytes: counts.rxBytes, rx_packets: counts.rxPackets, rx_errors: counts.rxErrors, rx_dropped: counts.rxDropped,
        tx_bytes: counts.txBytes, tx_packets: counts.txPackets, tx_errors: counts.txErrors, tx_dropped: counts.txDropped,
      },
    ]),
  );
}
