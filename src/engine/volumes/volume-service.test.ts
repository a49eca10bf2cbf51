import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { VolumeBench } from './testing.ts';

const plain = { driver: '', options: {}, labels: {} };
const none: ReadonlyMap<string, readonly string[]> = new Map();

test('a volume is a folder, is made once, and keeps what it was made with', async () => {
  using bench = new VolumeBench();
  const made = await bench.volumes.create({ ...plain, name: 'data', labels: { tier: 'db' } });
  assert.equal(made.mountpoint, join(bench.folder, 'data/_data'));
  assert.equal(statSync(made.mountpoint).mode & 0o777, 0o755);
  const again = await bench.volumes.create({ ...plain, name: 'data', labels: { tier: 'other' } });
  assert.deepEqual(again.labels, { tier: 'db' });
  assert.deepEqual(bench.told, ['create data']);
  assert.deepEqual(bench.open().inspect('data'), made);
});

test('names, drivers and options that cannot be are refused in Docker\'s words', async () => {
  using bench = new VolumeBench();
  const refused = (name: string, more: object = {}): Promise<unknown> => bench.volumes.create({ ...plain, name, ...more });
  await assert.rejects(refused('x'), { kind: 'invalid', message: /volume name is too short/ });
  await assert.rejects(refused('../up'), { kind: 'invalid', message: /includes invalid characters for a local volume name/ });
  await assert.rejects(refused('__proto__'), { kind: 'invalid' });
  await assert.rejects(refused('a'.repeat(256)), { kind: 'invalid', message: /too long/ });
  await assert.rejects(refused('ok', { driver: 'nfs' }), { kind: 'not-found', message: /plugin "nfs" not found/ });
  await assert.rejects(refused('ok', { options: { device: '/dev/sda' } }), { kind: 'not-implemented', message: /"device"/ });
  assert.deepEqual(readdirSync(bench.folder), []);
  assert.equal((await bench.volumes.create({ ...plain, name: 'constructor' })).name, 'constructor');
});

test('what is in use is not removed, also while the container that will use it is being made', async () => {
  using bench = new VolumeBench();
  await bench.volumes.create({ ...plain, name: 'data' });
  bench.users.set('data', ['c1']);
  await assert.rejects(bench.volumes.remove('data', { force: true }), { kind: 'conflict', message: 'remove data: volume is in use - [c1]' });
  bench.users.clear();
  {
    using _hold = bench.volumes.hold('data', 'c2');
    await assert.rejects(bench.volumes.remove('data', { force: false }), { message: 'remove data: volume is in use - [c2]' });
    assert.deepEqual(await bench.volumes.prune(new Map([['all', ['1']]])), { deleted: [], reclaimedBytes: 0 });
  }
  await bench.volumes.remove('data', { force: false });
  await assert.rejects(bench.volumes.remove('data', { force: false }), { kind: 'not-found', message: 'get data: no such volume' });
  await bench.volumes.remove('data', { force: true });
});

test('prune takes what nobody has named, or all with `all`, and says what that was worth', async () => {
  using bench = new VolumeBench();
  const anonymous = await bench.volumes.create({ ...plain, name: '' });
  const used = await bench.volumes.create({ ...plain, name: '' });
  await bench.volumes.create({ ...plain, name: 'named' });
  bench.users.set(used.name, ['c1']);
  writeFileSync(join(anonymous.mountpoint, 'file'), 'ten bytes.');
  assert.equal(anonymous.labels['com.docker.volume.anonymous'], '');
  assert.deepEqual(await bench.volumes.prune(none), { deleted: [anonymous.name], reclaimedBytes: 10 });
  assert.deepEqual((await bench.volumes.prune(new Map([['all', ['true']]]))).deleted, ['named']);
  await assert.rejects(bench.volumes.prune(new Map([['all', ['x']]])), { kind: 'invalid', message: `invalid filter 'all': strconv.ParseBool: parsing "x": invalid syntax` });
  await assert.rejects(bench.volumes.prune(new Map([['dangling', ['1']]])), { kind: 'invalid', message: "invalid filter 'dangling'" });
});

test('list: sorted, by name, label and use', async () => {
  using bench = new VolumeBench();
  for (const name of ['beta', 'alpha']) await bench.volumes.create({ ...plain, name, labels: { of: name } });
  bench.users.set('beta', ['c1']);
  const names = (filters: readonly (readonly [string, readonly string[]])[]): string[] => bench.volumes.list(new Map(filters)).map(({ name }) => name);
  assert.deepEqual(names([]), ['alpha', 'beta']);
  assert.deepEqual(names([['name', ['alp']]]), ['alpha']);
  assert.deepEqual(names([['label', ['of=beta']]]), ['beta']);
  assert.deepEqual(names([['dangling', ['true']]]), ['alpha']);
  assert.deepEqual(names([['dangling', ['false']]]), ['beta']);
  assert.throws(() => names([['nope', ['x']]]), { message: "invalid filter 'nope'" });
});

test('after a kill: half-removed volumes go, one whose folder is gone is made good, one without a record is taken over', async () => {
  using bench = new VolumeBench();
  await bench.volumes.create({ ...plain, name: 'lost' });
  await bench.volumes.create({ ...plain, name: 'going' });
  rmSync(join(bench.folder, 'lost'), { recursive: true });
  // a removal that came as far as its first step, and one that came further
  renameSync(join(bench.folder, 'going'), join(bench.folder, '.gone-1'));
  mkdirSync(join(bench.folder, 'unrecorded/_data'), { recursive: true });
  writeFileSync(join(bench.folder, 'unrecorded/_data/kept'), '');
  const next = bench.open();
  assert.deepEqual(readdirSync(bench.folder).toSorted(), ['going', 'lost', 'unrecorded']);
  assert.equal(existsSync(next.inspect('lost').mountpoint), true);
  const { mountpoint } = await next.create({ ...plain, name: 'unrecorded' });
  assert.deepEqual(readdirSync(mountpoint), ['kept']);
});

test('a removal that cannot be stored leaves the volume as it was', async () => {
  using bench = new VolumeBench();
  const { mountpoint } = await bench.volumes.create({ ...plain, name: 'data' });
  writeFileSync(join(mountpoint, 'kept'), '');
  bench.db.exec('PRAGMA query_only = ON');
  await assert.rejects(bench.volumes.remove('data', { force: false }));
  assert.deepEqual(readdirSync(mountpoint), ['kept']);
  bench.db.exec('PRAGMA query_only = OFF');
  await bench.volumes.remove('data', { force: false });
  assert.deepEqual(readdirSync(bench.folder), []);
});
