import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import test from 'node:test';
import type { CgroupLayout } from './cgroups.ts';
import { readCgroupStats } from './cgroup-stats.ts';
import { readCpuTime } from './cpu-time.ts';
import { readNetCounters } from './net-counters.ts';

const temporary = () => mkdtempDisposableSync(join(tmpdir(), 'onggi-stats-'));

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

function legacy(root: string): CgroupLayout {
  const names = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'];
  return { version: 1, hybrid: false, unified: undefined, hierarchies: new Map(names.map((name) => [name, join(root, name)])), controllers: new Set(names) };
}

function unified(root: string): CgroupLayout {
  return { version: 2, hybrid: false, unified: root, hierarchies: new Map(), controllers: new Set(['cpu', 'memory', 'io', 'pids']) };
}

test('version 1: each controller counts in a tree of its own', () => {
  using folder = temporary();
  put(folder.path, {
    'memory/c/cgroup.procs': '7\n',
    'cpuacct/c/cpuacct.usage': '30461822\n',
    'cpuacct/c/cpuacct.usage_percpu': '3819530 26642292 \n',
    'cpuacct/c/cpuacct.stat': 'user 2\nsystem 1\n',
    'cpu/c/cpu.stat': 'nr_periods 5\nnr_throttled 3\nthrottled_time 98765\nnr_bursts 0\nburst_time 0\n',
    'memory/c/memory.usage_in_bytes': '4648960\n',
    'memory/c/memory.max_usage_in_bytes': '6328320\n',
    'memory/c/memory.failcnt': '2\n',
    'memory/c/memory.limit_in_bytes': '67108864\n',
    'memory/c/memory.stat': 'cache 4194304\nshmem 9\ninactive_file 1\ntotal_inactive_file 4194304\nhierarchical_memory_limit 67108864\n',
    'blkio/c/blkio.throttle.io_service_bytes_recursive': '254:0 Read 0\n254:0 Write 8192\n254:0 Total 8192\nTotal 8192\n',
    'blkio/c/blkio.throttle.io_serviced_recursive': '254:0 Read 0\n254:0 Write 3\n254:0 Total 3\nTotal 3\n',
    'pids/c/pids.current': '4\n',
    'pids/c/pids.max': 'max\n',
  });
  const stats = readCgroupStats(legacy(folder.path), '/c');
  assert.deepEqual(stats?.cpu, {
    totalNs: 30461822, perCpuNs: [3819530, 26642292], kernelNs: 10_000_000, userNs: 20_000_000, periods: 5, throttledPeriods: 3, throttledNs: 98765,
  });
  const { details, ...memory } = stats?.memory ?? { details: {} };
  assert.deepEqual(memory, { usageBytes: 4648960, maxUsageBytes: 6328320, failures: 2, limitBytes: 67108864 });
  assert.equal(details['total_inactive_file'], 4194304);
  assert.equal(details['shmem'], undefined, 'Docker does not show it');
  assert.equal(Object.keys(details).length, 32);
  assert.deepEqual(stats?.blockIo.bytes.map(({ operation, value }) => [operation, value]), [['Read', 0], ['Write', 8192], ['Total', 8192]]);
  assert.deepEqual(stats?.blockIo.operations?.[1], { major: 254, minor: 0, operation: 'Write', value: 3 });
  assert.deepEqual(stats?.blockIo.sectors, []);
  assert.deepEqual(stats?.pids, { current: 4, limit: Infinity });
});

test('version 1: the I/O scheduler is asked first', () => {
  using folder = temporary();
  put(folder.path, {
    'pids/c/cgroup.procs': '',
    'blkio/c/blkio.io_serviced_recursive': '8:0 Read 1\nTotal 1\n',
    'blkio/c/blkio.io_service_bytes_recursive': '8:0 Read 512\nTotal 512\n',
    'blkio/c/blkio.sectors_recursive': '8:0 17\n',
    'blkio/c/blkio.throttle.io_service_bytes_recursive': '8:0 Read 9999\n',
  });
  const stats = readCgroupStats(legacy(folder.path), '/c');
  assert.deepEqual(stats?.blockIo.bytes, [{ major: 8, minor: 0, operation: 'Read', value: 512 }]);
  assert.deepEqual(stats?.blockIo.sectors, [{ major: 8, minor: 0, operation: '', value: 17 }]);
});

test('version 2: one tree, microseconds and the word max', () => {
  using folder = temporary();
  put(folder.path, {
    'c/cgroup.controllers': 'cpu io memory pids\n',
    'c/cpu.stat': 'usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 4\nnr_throttled 2\nthrottled_usec 30\n',
    'c/memory.current': '1048576\n',
    'c/memory.max': 'max\n',
    'c/memory.events': 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n',
    'c/memory.stat': 'anon 4096\nfile 8192\ninactive_file 2048\nworkingset_refault_anon 2\nworkingset_refault_file 3\nzswap 5\n',
    'c/io.stat': '254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n',
    'c/pids.current': '2\n',
    'c/pids.max': '50\n',
  });
  const stats = readCgroupStats(unified(folder.path), '/c');
  assert.deepEqual(stats?.cpu, { totalNs: 1_500_000, perCpuNs: undefined, kernelNs: 500_000, userNs: 1_000_000, periods: 4, throttledPeriods: 2, throttledNs: 30_000 });
  const { details, ...memory } = stats?.memory ?? { details: {} };
  assert.deepEqual(memory, { usageBytes: 1048576, maxUsageBytes: undefined, failures: 1, limitBytes: Infinity });
  assert.deepEqual([details['inactive_file'], details['workingset_refault'], details['slab'], details['zswap']], [2048, 5, 0, undefined]);
  assert.deepEqual(stats?.blockIo.bytes, [
    { major: 254, minor: 0, operation: 'read', value: 4096 },
    { major: 254, minor: 0, operation: 'write', value: 8192 },
  ]);
  assert.equal(stats?.blockIo.operations, null);
  assert.deepEqual(stats?.pids, { current: 2, limit: 50 });
});

test('a cgroup that is not there has no counters', () => {
  using folder = temporary();
  assert.equal(readCgroupStats(legacy(folder.path), '/gone'), undefined);
  assert.equal(readCgroupStats(unified(folder.path), '/gone'), undefined);
});

test('a controller that the host lacks leaves zeros, not a failure', () => {
  using folder = temporary();
  put(folder.path, { 'c/cgroup.controllers': 'pids\n', 'c/pids.current': '1\n' });
  const stats = readCgroupStats(unified(folder.path), '/c');
  assert.deepEqual([stats?.memory.usageBytes, stats?.memory.limitBytes, stats?.cpu.totalNs, stats?.pids.limit], [0, Infinity, 0, Infinity]);
  assert.deepEqual(stats?.memory.details, {});
});

test('the time of all processors is the sum of seven fields', () => {
  using folder = temporary();
  put(folder.path, { stat: 'cpu  1 2 3 4 5 6 7 100 200 300\ncpu0 1 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\nintr 5\n' });
  assert.deepEqual(readCpuTime(join(folder.path, 'stat')), { totalNs: 280_000_000, onlineCpus: 2 });
});

test('interfaces are counted by name, loopback is not', () => {
  using folder = temporary();
  put(folder.path, {
    '12/net/dev': [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
      '    lo:  500       5    0    0    0     0          0         0      500       5    0    0    0     0       0          0',
      '  eth0:1112      12    1    2    0     0          0         0      126       3    4    5    0     0       0          0',
      '',
    ].join('\n'),
  });
  assert.deepEqual([...readNetCounters(12, folder.path)], [
    ['eth0', { rxBytes: 1112, rxPackets: 12, rxErrors: 1, rxDropped: 2, txBytes: 126, txPackets: 3, txErrors: 4, txDropped: 5 }],
  ]);
  assert.equal(readNetCounters(13, folder.path).size, 0);
});
