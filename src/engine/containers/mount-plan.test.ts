import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { silentLog } from '#base/log.ts';
import { VolumeBench } from '#engine/volumes/testing.ts';
import type { Container } from './container.ts';
import { type PlannedMount, planMounts } from './mount-plan.ts';
import { abandonNewVolumes, NewContainerVolumes } from './new-container-volumes.ts';
import type { BindSetting, ContainerSpec, MountSetting } from './spec.ts';
import { containerOf, specOf } from './testing.ts';

const bind = (source: string, target: string, ...options: string[]): BindSetting => ({ source, target, options });
const mount = (changes: Partial<MountSetting>): MountSetting => ({
  type: 'volume', source: '', target: '/data', readOnly: false, consistency: '', bind: null, volume: null, image: null, tmpfs: null, ...changes,
});

/** What is planned for a new container `c1`, which is then stored or not. */
async function plan(bench: VolumeBench, spec: ContainerSpec, { others = [], stored = true }: { others?: readonly Container[]; stored?: boolean } = {}): Promise<readonly PlannedMount[]> {
  await using volumes = new NewContainerVolumes({ volumes: bench.volumes, containerId: 'c1', folder: bench.path, log: silentLog });
  const planned = await planMounts(spec, { volumes, records: { find: (ref) => others.find(({ name }) => name === ref) } });
  if (stored) await volumes.settle();
  return planned;
}

const shown = (planned: readonly PlannedMount[]): string[] => planned.map(({ type, source, destination, writable }) => `${type} ${source} ${destination} ${writable ? 'rw' : 'ro'}`);

test('binds, named volumes, --mount and paths of the image each get their mount, paths are cleaned', async () => {
  using bench = new VolumeBench();
  const planned = await plan(bench, specOf({
    host: { binds: [bind('/srv/../etc', '/conf/', 'ro'), bind('data', '/var/lib//data')], mounts: [mount({ type: 'tmpfs', target: '/tmp' })] },
    process: { volumes: ['/cache'] },
  }));
  const anonymous = planned.at(-1);
  assert.deepEqual(shown(planned), [
    'bind /etc /conf ro',
    `volume ${bench.folder}/data/_data /var/lib/data rw`,
    'tmpfs  /tmp rw',
    `volume ${bench.folder}/${anonymous?.name}/_data /cache rw`,
  ]);
  assert.equal(bench.volumes.inspect(anonymous?.name ?? '').anonymous, true);
  assert.deepEqual(planned.map(({ copyUp }) => copyUp), [false, true, false, true]);
});

test('an image\'s path that something else covers gets no volume', async () => {
  using bench = new VolumeBench();
  const planned = await plan(bench, specOf({ host: { binds: [bind('/srv', '/a')], tmpfs: { '/b/': '' } }, process: { volumes: ['/a', '/b', '/a/'] } }));
  assert.deepEqual(shown(planned), ['bind /srv /a rw']);
});

test('a place that is taken twice, or is the root, is refused', async () => {
  using bench = new VolumeBench();
  await assert.rejects(plan(bench, specOf({ host: { binds: [bind('/a', '/x'), bind('/b', '/x/')] } })), { message: 'Duplicate mount point: /x' });
  await assert.rejects(plan(bench, specOf({ host: { binds: [bind('/a', '/x')], tmpfs: { '/x': '' } } })), { message: 'Duplicate mount point: /x' });
  await assert.rejects(plan(bench, specOf({ host: { binds: [bind('/a', '/x/..')] } })), { kind: 'invalid', message: `invalid specification: destination can't be '/'` });
});

test('--volumes-from takes another container\'s mounts, one\'s own go before them', async () => {
  using bench = new VolumeBench();
  const [first] = await plan(bench, specOf({ host: { binds: [bind('data', '/data')] } }));
  assert.ok(first);
  const container = containerOf('first');
  const others = [{ ...container, runtime: { ...container.runtime, mounts: [first] } }];
  assert.deepEqual(shown(await plan(bench, specOf({ host: { volumesFrom: ['first:ro'] } }), { others })), [`volume ${bench.folder}/data/_data /data ro`]);
  assert.deepEqual(shown(await plan(bench, specOf({ host: { volumesFrom: ['first'], binds: [bind('/srv', '/data')] } }), { others })), ['bind /srv /data rw']);
  await assert.rejects(plan(bench, specOf({ host: { volumesFrom: ['nope'] } })), { kind: 'invalid', message: 'No such container: nope' });
  await assert.rejects(plan(bench, specOf({ host: { volumesFrom: ['first:x'] } }), { others }), { kind: 'invalid', message: /invalid mode: x/ });
});

test('--mount: what is not there is said, labels and options reach the volume', async () => {
  using bench = new VolumeBench();
  const volume = { noCopy: true, labels: { a: 'b' }, driver: '', driverOptions: {}, subpath: '' };
  const [made] = await plan(bench, specOf({ host: { mounts: [mount({ volume })] } }));
  assert.deepEqual(bench.volumes.inspect(made?.name ?? '').labels, { 'com.docker.volume.anonymous': '', a: 'b' });
  assert.equal(made?.copyUp, false);
  await assert.rejects(plan(bench, specOf({ host: { mounts: [mount({ volume: { ...volume, subpath: 'x' } })] } })), { kind: 'not-implemented', message: /volume-subpath/ });
  await assert.rejects(plan(bench, specOf({ host: { mounts: [mount({ type: 'image', source: 'x' })] } })), { kind: 'not-implemented' });
  await assert.rejects(plan(bench, specOf({ host: { mounts: [mount({ type: 'bind', source: '/no/such/folder' })] } })), {
    kind: 'invalid', message: 'invalid mount config for type "bind": bind source path does not exist: /no/such/folder',
  });
});

test('anonymous volumes of a container that is not stored go again, named ones stay', async () => {
  using bench = new VolumeBench();
  const spec = specOf({ host: { binds: [bind('named', '/a')] }, process: { volumes: ['/b'] } });
  await plan(bench, spec, { stored: false });
  assert.deepEqual(bench.volumes.list(new Map()).map(({ name }) => name), ['named']);
});

test('a volume is kept from removal until its container is stored', async () => {
  using bench = new VolumeBench();
  await using volumes = new NewContainerVolumes({ volumes: bench.volumes, containerId: 'c1', folder: bench.path, log: silentLog });
  await planMounts(specOf({ host: { binds: [bind('data', '/data')] } }), { volumes, records: { find: () => undefined } });
  await assert.rejects(bench.volumes.remove('data', { force: true }), { message: 'remove data: volume is in use - [c1]' });
});

test('after a kill in the middle of a create, the next engine finds the volumes it was for', async () => {
  using bench = new VolumeBench();
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-new-'));
  const volumes = new NewContainerVolumes({ volumes: bench.volumes, containerId: 'c1', folder: folder.path, log: silentLog });
  const { name } = await volumes.anonymous({ driver: '', options: {}, labels: {} });
  assert.equal(readFileSync(join(folder.path, 'new-volumes'), 'utf8'), `${name}\n`);
  const next = bench.open();
  await abandonNewVolumes(folder.path, next);
  assert.deepEqual(next.list(new Map()), []);
  await abandonNewVolumes(join(folder.path, 'none'), next);
});
