import assert from 'node:assert/strict';
import test from 'node:test';
import type { CgroupStats } from '#parts/host/cgroup-stats.ts';
import { ContainerStats, type StatsReport } from './stats.ts';
import { Bench } from './testing.ts';

const COUNTERS: CgroupStats = {
  cpu: { totalNs: 5, perCpuNs: [5], kernelNs: 0, userNs: 5, periods: 0, throttledPeriods: 0, throttledNs: 0 },
  memory: { usageBytes: 10, maxUsageBytes: 20, failures: 0, limitBytes: Infinity, details: {} },
  blockIo: { bytes: [], operations: [], queued: [], serviceTime: [], waitTime: [], merged: [], time: [], sectors: [] },
  pids: { current: 1, limit: Infinity },
};

function statsOf(bench: Bench): ContainerStats {
  let total = 0;
  return new ContainerStats({
    records: bench.records,
    intervalMs: 2,
    sources: { counters: () => COUNTERS, cpu: () => ({ totalNs: (total += 100), onlineCpus: 2 }), networks: () => new Map(), hostMemoryBytes: () => 4096 },
  });
}

const running = (bench: Bench): string => {
  const { id } = bench.add('web');
  bench.records.apply(id, { type: 'started', process: { pid: 1, generation: 1, startedAt: new Date() } });
  return id;
};

const never = new AbortController().signal;

test('one report at once has no moment before', async () => {
  using bench = new Bench();
  const id = running(bench);
  const [report, ...more] = await Array.fromAsync(statsOf(bench).read('web', 'once', never));
  assert.equal(more.length, 0);
  assert.deepEqual([report?.id, report?.name, report?.now?.cpu.totalNs, report?.before], [id, 'web', 100, undefined]);
  assert.equal(report?.now?.memoryLimitBytes, 4096, 'without a limit, what the host has');
});

test('a pair tells the moment before', async () => {
  using bench = new Bench();
  running(bench);
  const [report, ...more] = await Array.fromAsync(statsOf(bench).read('web', 'pair', never));
  assert.equal(more.length, 0);
  assert.deepEqual([report?.before?.cpu.totalNs, report?.now?.cpu.totalNs], [100, 200]);
});

test('a container that does not run is told at once, with nothing counted', async () => {
  using bench = new Bench();
  bench.add('web');
  const [report] = await Array.fromAsync(statsOf(bench).read('web', 'pair', never));
  assert.deepEqual([report?.now, report?.before], [undefined, undefined]);
});

test('a stream goes on through a stop and ends with the removal', async () => {
  using bench = new Bench();
  const id = running(bench);
  const seen: StatsReport[] = [];
  for await (const report of statsOf(bench).read('web', 'stream', never)) {
    seen.push(report);
    if (seen.length === 2) bench.records.apply(id, { type: 'exited', exitCode: 0, oomKilled: false, at: new Date(), restarting: false });
    if (seen.length === 4) bench.records.remove(id);
  }
  assert.deepEqual(seen.map(({ now, before }) => [now !== undefined, before !== undefined]), [[true, false], [true, true], [false, false], [false, false]]);
});

test('a stream ends with its reader; a name that is not there is told at once', async () => {
  using bench = new Bench();
  running(bench);
  const stop = new AbortController();
  let count = 0;
  for await (const _ of statsOf(bench).read('web', 'stream', stop.signal)) if (++count === 3) stop.abort();
  assert.equal(count, 3);
  assert.throws(() => statsOf(bench).read('nope', 'once', never), { kind: 'not-found', message: 'No such container: nope' });
});
