import assert from 'node:assert/strict';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { ResourceLimits } from '#parts/runtime/settings.ts';
import type { ContainerSpec } from './spec.ts';
import { Bench, specOf } from './testing.ts';
import { ContainerUpdater } from './updater.ts';

/** A spec of which nothing is asked for. */
const NOTHING: ResourceLimits = specOf().limits;

function bench(): { bench: Bench; applied: Partial<ResourceLimits>[]; updater: ContainerUpdater; readonly failWith: (error: Error) => void } {
  const made = new Bench();
  const applied: Partial<ResourceLimits>[] = [];
  let failure: Error | undefined;
  const updater = new ContainerUpdater({
    records: made.records, events: made.events, locks: new KeyedLock(),
    checkLimits: (limits) => ({ limits: { ...limits, pidsLimit: limits.pidsLimit !== null && limits.pidsLimit <= 0 ? null : limits.pidsLimit }, warnings: ['mind'] }),
    applyLimits: (_, asked) => {
      if (failure) throw failure;
      applied.push(asked);
    },
  });
  return { bench: made, applied, updater, failWith: (error) => (failure = error) };
}

const ask = (limits: Partial<ResourceLimits>, restartPolicy?: ContainerSpec['host']['restartPolicy']) => ({ limits: { ...NOTHING, ...limits }, restartPolicy });

test('a stopped container is changed in its record alone', async () => {
  const { bench: made, applied, updater } = bench();
  using _bench = made;
  const { id } = made.add('web');
  assert.deepEqual(await updater.update('web', ask({ cpuShares: 512 }, { name: 'always', maximumRetryCount: 0 })), { warnings: ['mind'] });
  const { limits, host } = made.records.get(id).spec;
  assert.deepEqual([limits.cpuShares, host.restartPolicy.name, applied, made.told], [512, 'always', [], ['web update']]);
});

test('a running one gets its limits first, and keeps its record where the kernel refuses', async () => {
  const { bench: made, applied, updater, failWith } = bench();
  using _bench = made;
  const { id } = made.add('web');
  made.records.apply(id, { type: 'started', process: { pid: 1, generation: 1, startedAt: new Date() } });
  await updater.update(id, ask({ pidsLimit: -1 }));
  assert.equal(applied[0]?.pidsLimit, 0, 'no limit, rather than no change');
  assert.equal(made.records.get(id).spec.limits.pidsLimit, 0);
  failWith(new EngineError('internal', 'failed to write'));
  await assert.rejects(updater.update(id, ask({ cpuShares: 5 })), { kind: 'internal', message: `Cannot update container ${id}: failed to write` });
  assert.equal(made.records.get(id).spec.limits.cpuShares, 0);
  assert.deepEqual(made.told, ['web update']);
});

const CONFLICTS: readonly (readonly [Partial<ResourceLimits>, Partial<ResourceLimits>, string])[] = [
  [{ cpuPeriodUs: 50_000 }, { nanoCpus: 1e9 }, 'Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set'],
  [{ cpuQuotaUs: 50_000 }, { nanoCpus: 1e9 }, 'Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set'],
  [{ nanoCpus: 1e9 }, { cpuPeriodUs: 50_000 }, 'Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set'],
  [{ nanoCpus: 1e9 }, { cpuQuotaUs: 50_000 }, 'Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set'],
  [{ memoryBytes: 10e6, memorySwapBytes: 20e6 }, { memoryBytes: 30e6 }, 'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time'],
  [{}, { memoryBytes: 30e6 }, 'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time'],
];

for (const [now, asked, message] of CONFLICTS) {
  test(`${JSON.stringify(asked)} cannot stand beside ${JSON.stringify(now)}`, async () => {
    const { bench: made, updater } = bench();
    using _bench = made;
    const spec = specOf();
    const { id } = made.add('web', { ...spec, limits: { ...spec.limits, ...now } });
    await assert.rejects(updater.update('web', ask(asked)), { kind: 'conflict', message: `Cannot update container ${id}: ${message}` });
  });
}

test('one that is removed when it ends takes no restart policy', async () => {
  const { bench: made, updater } = bench();
  using _bench = made;
  const spec = specOf();
  const { id } = made.add('web', { ...spec, host: { ...spec.host, autoRemove: true } });
  await assert.rejects(updater.update('web', ask({}, { name: 'always', maximumRetryCount: 0 })), {
    kind: 'conflict', message: `Cannot update container ${id}: Restart policy cannot be updated because AutoRemove is enabled for the container`,
  });
  await updater.update('web', ask({}, { name: 'no', maximumRetryCount: 0 }));
});
