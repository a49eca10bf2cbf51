import assert from 'node:assert/strict';
import test from 'node:test';
import type { CgroupFacts } from './cgroup-facts.ts';
import { checkLimits } from './limits-check.ts';
import { resourcesOf } from './resources.ts';
import type { ResourceLimits } from './settings.ts';
import { NO_LIMITS } from './testing.ts';

/** The host on which dockerd 28.5 gave the answers below: two CPUs, cgroup v1 without blkio weights. */
const HOST: CgroupFacts = {
  version: 1,
  memory: true, swap: true, memoryReservation: true, memorySwappiness: true, oomKillDisable: true, kernelMemoryTcp: true,
  cpuShares: true, cpuCfs: true, cpuRealtime: true, cpuset: true, cpus: '0-1', mems: '0', cpuCount: 2,
  pids: true,
  blkioWeight: false, blkioWeightDevice: false, blkioReadBps: true, blkioWriteBps: true, blkioReadIops: true, blkioWriteIops: true,
};

const check = (limits: Partial<ResourceLimits>, host: Partial<CgroupFacts> = {}) => checkLimits({ ...NO_LIMITS, ...limits }, { ...HOST, ...host });

const REFUSED: readonly (readonly [Partial<ResourceLimits>, string])[] = [
  [{ memoryBytes: 6291455 }, 'Minimum memory limit allowed is 6MB'],
  [{ memoryBytes: -5 }, 'Minimum memory limit allowed is 6MB'],
  [{ memoryBytes: 10e6, memorySwapBytes: 9e6 }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
  [{ memorySwapBytes: 90e6 }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [{ memoryBytes: 10e6, memoryReservationBytes: 20e6 }, 'Minimum memory limit can not be less than memory reservation limit, see usage'],
  [{ memoryReservationBytes: 1000 }, 'Minimum memory reservation allowed is 6MB'],
  [{ memorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
  [{ memorySwappiness: -2 }, 'Invalid value: -2, valid memory swappiness range is 0-100'],
  [{ nanoCpus: 3e9 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
  [{ nanoCpus: -1 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
  [{ nanoCpus: 5e8, cpuPeriodUs: 100_000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [{ nanoCpus: 5e8, cpuQuotaUs: 100_000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [{ cpuPeriodUs: 100 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ cpuPeriodUs: 2_000_000 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ cpuQuotaUs: 10 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ cpuShares: -1 }, 'invalid CPU shares (-1): value must be a positive integer'],
  [{ cpusetCpus: '7' }, 'Requested CPUs are not available - requested 7, available: 0-1'],
  [{ cpusetCpus: 'a' }, 'Invalid value a for cpuset cpus: invalid format: a'],
  [{ cpusetCpus: '1-0' }, 'Invalid value 1-0 for cpuset cpus: invalid format: 1-0'],
  [{ cpusetCpus: '0,,1' }, 'Invalid value 0,,1 for cpuset cpus: invalid format: 0,,1'],
  [{ cpusetCpus: '0-999999999' }, 'Invalid value 0-999999999 for cpuset cpus: invalid format: 0-999999999'],
  [{ cpusetMems: '3' }, 'Requested memory nodes are not available - requested 3, available: 0'],
  [{ cpuRealtimeRuntimeUs: 950_000, cpuRealtimePeriodUs: 1000 }, 'cpu real-time runtime cannot be higher than cpu real-time period'],
];

for (const [limits, message] of REFUSED) {
  test(`${JSON.stringify(limits)} is refused`, () => {
    assert.throws(() => check(limits), { kind: 'invalid', message });
  });
}

test('swap is as large as memory unless said otherwise', () => {
  assert.equal(check({ memoryBytes: 64 << 20 }).limits.memorySwapBytes, 128 << 20);
  assert.equal(check({ memoryBytes: 64 << 20, memorySwapBytes: -1 }).limits.memorySwapBytes, -1);
  assert.equal(check({}).limits.memorySwapBytes, 0);
});

test('values that mean "not set" are kept as such', () => {
  const { limits } = check({ pidsLimit: -5, memorySwappiness: -1, oomKillDisable: null });
  assert.deepEqual([limits.pidsLimit, limits.memorySwappiness, limits.oomKillDisable], [null, null, false]);
});

test('an update may change swap alone', () => {
  assert.equal(checkLimits({ ...NO_LIMITS, memorySwapBytes: 90e6 }, HOST, 'update').limits.memorySwapBytes, 90e6);
});

test('what the host cannot hold is taken out with a warning', () => {
  const { limits, warnings } = check(
    { memoryBytes: 64 << 20, blkioWeight: 5, blkioWeightDevice: [{ path: '/dev/vda', rate: 5 }], pidsLimit: 5, cpuShares: 5, cpusetCpus: '9', memorySwappiness: 5, oomKillDisable: true },
    { swap: false, pids: false, cpuShares: false, cpuset: false, memorySwappiness: false, oomKillDisable: false },
  );
  assert.deepEqual(warnings, [
    'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
    'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
    'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
    'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
    'Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.',
    'Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.',
    'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
    'Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.',
  ]);
  assert.deepEqual(resourcesOf(limits, [], new Map()), { devices: [], memory: { limit: 64 << 20 } });
});

test('without a memory controller nothing of memory is left', () => {
  const { limits, warnings } = check({ memoryBytes: 64 << 20 }, { memory: false, swap: false });
  assert.deepEqual(warnings, ['Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.']);
  assert.deepEqual(resourcesOf(limits, [], new Map()), { devices: [] });
});

test('no OOM killer and no limit is worth a warning', () => {
  assert.deepEqual(check({ oomKillDisable: true }).warnings, [
    'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
  ]);
});

test('resources are what dockerd 28.5 writes into config.json', () => {
  const of = (limits: Partial<ResourceLimits>): object => {
    const { devices: _, ...rest } = resourcesOf(check(limits).limits, [], new Map([['/dev/vda', { major: 254, minor: 0 }]]));
    return rest;
  };
  assert.deepEqual(of({}), {});
  assert.deepEqual(of({ memoryBytes: 67108864, memorySwapBytes: 104857600 }), { memory: { limit: 67108864, swap: 104857600 } });
  assert.deepEqual(of({ memoryBytes: 67108864, memorySwapBytes: -1 }), { memory: { limit: 67108864 } });
  assert.deepEqual(of({ memoryBytes: 67108864, memoryReservationBytes: 33554432 }), { memory: { limit: 67108864, reservation: 33554432, swap: 134217728 } });
  assert.deepEqual(of({ memorySwappiness: 0 }), { memory: { swappiness: 0 } });
  assert.deepEqual(of({ oomKillDisable: true }), { memory: { disableOOMKiller: true } });
  assert.deepEqual(of({ kernelMemoryTcpBytes: 1000 }), { memory: { kernelTCP: 1000 } });
  assert.deepEqual(of({ nanoCpus: 1.5e9 }), { cpu: { quota: 150_000, period: 100_000 } });
  assert.deepEqual(of({ nanoCpus: 1e7 }), { cpu: { quota: 1000, period: 100_000 } });
  assert.deepEqual(of({ cpuQuotaUs: -1 }), {}, 'unlimited, as a new cgroup is');
  assert.deepEqual(of({ cpuPeriodUs: 50_000, cpuQuotaUs: 25_000 }), { cpu: { quota: 25_000, period: 50_000 } });
  assert.deepEqual(of({ cpuShares: 512, cpusetCpus: '0', cpusetMems: '0' }), { cpu: { shares: 512, cpus: '0', mems: '0' } });
  assert.deepEqual(of({ pidsLimit: 50 }), { pids: { limit: 50 } });
  assert.deepEqual(of({ blkioReadBps: [{ path: '/dev/vda', rate: 1048576 }], blkioWriteIops: [{ path: '/dev/vda', rate: 100 }] }), {
    blockIO: { throttleReadBpsDevice: [{ major: 254, minor: 0, rate: 1048576 }], throttleWriteIOPSDevice: [{ major: 254, minor: 0, rate: 100 }] },
  });
});
