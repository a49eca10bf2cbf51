import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import test from 'node:test';
import type { CgroupLayout } from '#parts/host/cgroups.ts';
import { applyLimits } from './apply-limits.ts';
import { limitWrites } from './limit-writes.ts';
import type { ResourceLimits } from './settings.ts';
import { NO_LIMITS } from './testing.ts';

const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'blkio', 'pids'];

/** A host of cardboard: its tree, and what an update would write, as `file=value`. */
function host(version: 1 | 2, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-limits-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  const layout: CgroupLayout = {
    version, hybrid: false,
    unified: version === 2 ? folder.path : undefined,
    hierarchies: version === 2 ? new Map() : new Map(CONTROLLERS.map((name) => [name, join(folder.path, name)])),
    controllers: new Set(CONTROLLERS),
  };
  return {
    path: folder.path,
    writes: (asked: Partial<ResourceLimits>, before: Partial<ResourceLimits> = {}): readonly string[] =>
      limitWrites(layout, '/c', { ...NO_LIMITS, ...asked }, { ...NO_LIMITS, ...before, ...asked }).map(({ file, value }) => `${file.slice(folder.path.length + 1)}=${value}`),
    [Symbol.dispose]: () => folder.remove(),
  };
}

test('nothing asked for, nothing written', () => {
  using one = host(1);
  using two = host(2);
  assert.deepEqual([one.writes({}), two.writes({})], [[], []]);
});

test('version 1 has a file for each limit', () => {
  using of = host(1, { 'blkio/c/blkio.bfq.weight': '100\n' });
  assert.deepEqual(of.writes({ blkioWeight: 300, cpuShares: 512, nanoCpus: 5e8, cpusetCpus: '0', cpusetMems: '0', memoryReservationBytes: 7, pidsLimit: 20 }), [
    'blkio/c/blkio.bfq.weight=300', 'cpu/c/cpu.shares=512', 'cpu/c/cpu.cfs_period_us=100000', 'cpu/c/cpu.cfs_quota_us=50000',
    'cpuset/c/cpuset.cpus=0', 'cpuset/c/cpuset.mems=0', 'memory/c/memory.soft_limit_in_bytes=7', 'pids/c/pids.max=20',
  ]);
  assert.deepEqual(of.writes({ cpuQuotaUs: -1 }), ['cpu/c/cpu.cfs_quota_us=-1']);
  assert.deepEqual(of.writes({ pidsLimit: 0 }), ['pids/c/pids.max=max']);
});

test('version 1: memory is never above the sum of memory and swap, not even for a moment', () => {
  using of = host(1, { 'memory/c/memory.memsw.limit_in_bytes': '200\n' });
  const [memory, sum] = ['memory/c/memory.limit_in_bytes', 'memory/c/memory.memsw.limit_in_bytes'];
  assert.deepEqual(of.writes({ memoryBytes: 300, memorySwapBytes: 400 }), [`${sum}=400`, `${memory}=300`]);
  assert.deepEqual(of.writes({ memoryBytes: 300, memorySwapBytes: -1 }), [`${sum}=-1`, `${memory}=300`]);
  assert.deepEqual(of.writes({ memoryBytes: 50, memorySwapBytes: 100 }), [`${memory}=50`, `${sum}=100`]);
});

test('version 2: shares become a weight, and swap stands for itself', () => {
  using of = host(2, { 'c/cpu.max': 'max 100000\n' });
  assert.deepEqual(of.writes({ cpuShares: 1024, memoryBytes: 100, memorySwapBytes: 250, memoryReservationBytes: 50, pidsLimit: -1 }), [
    'c/cpu.weight=39', 'c/memory.swap.max=150', 'c/memory.max=100', 'c/memory.low=50', 'c/pids.max=max',
  ]);
  assert.deepEqual(of.writes({ cpuQuotaUs: 20_000 }), ['c/cpu.max=20000 100000']);
  assert.deepEqual(of.writes({ cpuPeriodUs: 50_000 }), ['c/cpu.max=max 50000']);
  assert.deepEqual(of.writes({ blkioWeight: 1000 }), ['c/io.weight=default 10000']);
  assert.deepEqual(of.writes({ memoryBytes: 60 }, { memoryBytes: 50, memorySwapBytes: 100 }), ['c/memory.swap.max=40', 'c/memory.max=60'], 'the sum stays what it was');
  assert.deepEqual(of.writes({ memorySwapBytes: -1 }, { memoryBytes: 50 }), ['c/memory.swap.max=max']);
  assert.throws(() => of.writes({ memorySwapBytes: 100 }), /unable to set swap limit without memory limit/);
});

test('all of it is written or nothing', () => {
  using of = host(1, { 'cpu/c/cpu.shares': '1024\n' });
  const shares = join(of.path, 'cpu/c/cpu.shares');
  applyLimits([{ file: shares, value: '2048' }]);
  assert.equal(readFileSync(shares, 'utf8').slice(0, 4), '2048');
  const gone = join(of.path, 'pids/c/pids.max');
  assert.throws(() => applyLimits([{ file: shares, value: '4096' }, { file: gone, value: '5' }]), {
    kind: 'internal', message: `failed to write "5": write ${gone}: no such file or directory`,
  });
  assert.equal(readFileSync(shares, 'utf8').slice(0, 4), '2048');
});
