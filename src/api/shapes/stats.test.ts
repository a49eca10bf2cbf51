import assert from 'node:assert/strict';
import test from 'node:test';
import type { StatsSample } from '#engine/containers/stats.ts';
import { statsResponse } from './stats.ts';

const V2: StatsSample = {
  at: new Date('2026-01-02T03:04:05.600Z'),
  cpu: { totalNs: 4_000_000_000_000_000_000, onlineCpus: 2 },
  memoryLimitBytes: 4096,
  networks: new Map(),
  counters: {
    cpu: { totalNs: 7, perCpuNs: undefined, kernelNs: 3, userNs: 4, periods: 0, throttledPeriods: 0, throttledNs: 0 },
    memory: { usageBytes: 10, maxUsageBytes: undefined, failures: 0, limitBytes: Infinity, details: { anon: 0, hierarchical_memory_limit: 2 ** 63 - 4096 } },
    blockIo: { bytes: [], operations: null, queued: null, serviceTime: null, waitTime: null, merged: null, time: null, sectors: null },
    pids: { current: 1, limit: Infinity },
  },
};

test('cgroup v2: what it does not count is null, no limit is the largest number, digit for digit', () => {
  const text = JSON.stringify(statsResponse({ id: 'abc', name: 'web', now: V2, before: undefined }, { osType: true }));
  assert.ok(text.startsWith('{"name":"/web","id":"abc","os_type":"linux","read":"2026-01-02T03:04:05.6Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current":1,"limit":18446744073709551615},'));
  assert.ok(text.includes('"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":null,'));
  assert.ok(text.includes('"cpu_stats":{"cpu_usage":{"total_usage":7,"usage_in_kernelmode":3,"usage_in_usermode":4},"system_cpu_usage":4000000000000000000,"online_cpus":2,'));
  assert.ok(text.endsWith('"memory_stats":{"usage":10,"stats":{"anon":0,"hierarchical_memory_limit":9223372036854771712},"limit":4096}}'));
});

test('cgroup v1: no limit of processes is left out', () => {
  const v1: StatsSample = { ...V2, counters: { ...V2.counters, memory: { ...V2.counters.memory, maxUsageBytes: 20 } } };
  assert.deepEqual(statsResponse({ id: 'abc', name: 'web', now: v1, before: v1 }, { osType: false }).pids_stats, { current: 1 });
});
