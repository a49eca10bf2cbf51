import type { Container } from '#engine/containers/container.ts';
import { isLive } from '#engine/containers/state.ts';
import type { StatsSources } from '#engine/containers/stats.ts';
import type { CgroupStats } from '#parts/host/cgroup-stats.ts';
import type { NetCounters } from '#parts/host/net-counters.ts';
import type { MetricCollector, MetricFamily, MetricSample } from './metrics.ts';

interface Parts {
  readonly containers: () => readonly Container[];
  readonly sources: Pick<StatsSources, 'counters' | 'networks' | 'hostMemoryBytes'>;
}

interface Running {
  readonly container: Container;
  readonly counters: CgroupStats;
  readonly networks: ReadonlyMap<string, NetCounters>;
}

type Labels = MetricSample['labels'];

const NS_PER_S = 1e9;

/** What each container uses that runs, and how often each was restarted. */
export function containerMetrics({ containers, sources }: Parts): MetricCollector {
  return () => {
    const all = containers();
    const running = all.flatMap((container) => runningOf(container, sources));
    return [
      ...usage(running, sources.hostMemoryBytes()),
      ...traffic(running),
      {
        name: 'onggi_container_restarts_total', help: 'Restarts by its policy since it was started by hand', type: 'counter',
        samples: all.map((container) => ({ labels: labelsOf(container), value: container.runtime.restartCount })),
      },
    ];
  };
}

function runningOf(container: Container, { counters: read, networks }: Parts['sources']): Running[] {
  if (!isLive(container.state)) return [];
  const counters = read(container);
  return counters ? [{ container, counters, networks: networks(container.state.pid) }] : [];
}

function labelsOf({ id, name, spec }: Container): Labels {
  return { id, name, image: spec.image };
}

function usage(running: readonly Running[], hostMemoryBytes: number): readonly MetricFamily[] {
  const family = (type: MetricFamily['type'], name: string, help: string, value: (one: Running) => number): MetricFamily => ({
    name: `onggi_container_${name}`, help, type,
    samples: running.map((one) => ({ labels: labelsOf(one.container), value: value(one) })),
  });
  return [
    family('gauge', 'start_time_seconds', 'When it was started, in Unix time', ({ container: { state } }) => (isLive(state) ? state.startedAt.getTime() / 1000 : 0)),
    family('counter', 'cpu_seconds_total', 'Processor time', ({ counters }) => counters.cpu.totalNs / NS_PER_S),
    family('counter', 'cpu_throttled_seconds_total', 'Time that it waited for its quota of processor time', ({ counters }) => counters.cpu.throttledNs / NS_PER_S),
    family('gauge', 'memory_usage_bytes', 'Memory, without page cache that can be taken back', ({ counters }) => heldBytes(counters)),
    family('gauge', 'memory_limit_bytes', 'Limit of memory; the memory of the host where there is none', ({ counters }) => Math.min(counters.memory.limitBytes, hostMemoryBytes)),
    family('counter', 'memory_failures_total', 'How often the limit of memory was in the way', ({ counters }) => counters.memory.failures),
    family('gauge', 'pids', 'Processes and threads', ({ counters }) => counters.pids.current),
  ];
}

/** Docker's rule. Version 1 counts what is below in `total_…`, version 2 always does. */
function heldBytes({ memory: { usageBytes, details } }: CgroupStats): number {
  const inactive = details['total_inactive_file'] ?? details['inactive_file'] ?? 0;
  return inactive < usageBytes ? usageBytes - inactive : usageBytes;
}

function traffic(running: readonly Running[]): readonly MetricFamily[] {
  const network = (name: string, help: string, value: (counts: NetCounters) => number): MetricFamily => ({
    name: `onggi_container_network_${name}`, help, type: 'counter',
    samples: running.flatMap(({ container, networks }) =>
      [...networks].map(([device, counts]) => ({ labels: { ...labelsOf(container), interface: device }, value: value(counts) })),
    ),
  });
  const block = (operation: string): MetricFamily => ({
    name: `onggi_container_block_${operation}_bytes_total`, help: `Bytes that block devices ${operation === 'read' ? 'gave' : 'took'}`, type: 'counter',
    samples: running.flatMap(({ container, counters }) =>
      counters.blockIo.bytes
        .filter((count) => count.operation.toLowerCase() === operation)
        .map(({ major, minor, value }) => ({ labels: { ...labelsOf(container), device: `${major}:${minor}` }, value })),
    ),
  });
  return [
    network('receive_bytes_total', 'Bytes received', ({ rxBytes }) => rxBytes),
    network('transmit_bytes_total', 'Bytes sent', ({ txBytes }) => txBytes),
    network('receive_errors_total', 'Packets that came in broken or were dropped', ({ rxErrors, rxDropped }) => rxErrors + rxDropped),
    network('transmit_errors_total', 'Packets that could not be sent or were dropped', ({ txErrors, txDropped }) => txErrors + txDropped),
    block('read'),
    block('write'),
  ];
}
