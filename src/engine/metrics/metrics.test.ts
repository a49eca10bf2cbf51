import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { silentLog } from '#base/log.ts';
import { Bench } from '#engine/containers/testing.ts';
import type { CgroupStats } from '#parts/host/cgroup-stats.ts';
import { containerMetrics } from './container-metrics.ts';
import { logMetrics } from './log-metrics.ts';
import { MetricService, single, type MetricCollector } from './metrics.ts';

const COUNTERS: CgroupStats = {
  cpu: { totalNs: 1.5e9, perCpuNs: undefined, kernelNs: 0, userNs: 0, periods: 0, throttledPeriods: 0, throttledNs: 5e8 },
  memory: { usageBytes: 1000, maxUsageBytes: undefined, failures: 2, limitBytes: Infinity, details: { inactive_file: 400 } },
  blockIo: {
    bytes: [{ major: 8, minor: 0, operation: 'Read', value: 7 }, { major: 8, minor: 0, operation: 'Write', value: 9 }, { major: 8, minor: 0, operation: 'Total', value: 16 }],
    operations: null, queued: null, serviceTime: null, waitTime: null, merged: null, time: null, sectors: null,
  },
  pids: { current: 3, limit: 10 },
};
const ETH0 = { rxBytes: 11, rxPackets: 1, rxErrors: 1, rxDropped: 1, txBytes: 12, txPackets: 1, txErrors: 0, txDropped: 0 };

/** Values by `name{label}` of the labels beside id, name and image. */
async function figures(collector: MetricCollector): Promise<Record<string, number[]>> {
  return Object.fromEntries((await collector()).map(({ name, samples }) => [name.replace('onggi_container_', ''), samples.map(({ value }) => value)]));
}

test('a running container is counted by what it uses, a stopped one by its restarts alone', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  bench.add('old');
  bench.records.apply(id, { type: 'started', process: { pid: 1, generation: 1, startedAt: new Date(5000) } });
  bench.records.updateFacts(id, { restartCount: 4 });
  const collector = containerMetrics({
    containers: () => bench.records.list(),
    sources: { counters: () => COUNTERS, networks: () => new Map([['eth0', ETH0]]), hostMemoryBytes: () => 5000 },
  });
  assert.deepEqual(await figures(collector), {
    start_time_seconds: [5], cpu_seconds_total: [1.5], cpu_throttled_seconds_total: [0.5], memory_usage_bytes: [600], memory_limit_bytes: [5000],
    memory_failures_total: [2], pids: [3], network_receive_bytes_total: [11], network_transmit_bytes_total: [12], network_receive_errors_total: [2],
    network_transmit_errors_total: [0], block_read_bytes_total: [7], block_write_bytes_total: [9], restarts_total: [4, 0],
  });
  const [device] = (await collector()).find(({ name }) => name.endsWith('block_read_bytes_total'))?.samples ?? [];
  assert.deepEqual([device?.labels['device'], device?.labels['name']], ['8:0', 'web']);
});

test('a log weighs what all its files weigh', async () => {
  using bench = new Bench();
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-metrics-'));
  const { id } = bench.add('web');
  bench.add('silent');
  mkdirSync(join(folder.path, id));
  for (const [name, bytes] of [[`${id}-json.log`, 10], [`${id}-json.log.1`, 20], [`${id}-json.log.2.gz`, 30], ['hosts', 99]] as const) {
    writeFileSync(join(folder.path, id, name), Buffer.alloc(bytes));
  }
  assert.deepEqual(await figures(logMetrics({ containers: () => bench.records.list(), folder: folder.path })), { log_bytes: [60, 0], log_files: [3, 0] });
});

test('a part that fails does not keep the others from being told', async () => {
  const metrics = new MetricService([() => [single('gauge', 'up', 'Is it?', 1)], () => Promise.reject(new Error('no'))], silentLog);
  await metrics.collect();
  assert.deepEqual((await metrics.collect()).map(({ name, samples }) => [name, samples[0]?.value]), [['up', 1], ['onggi_metrics_failures_total', 2]]);
});
