import assert from 'node:assert/strict';
import test from 'node:test';
import type { MountEntry } from '#parts/host/mount-table.ts';
import type { ContainerMount } from './mount-options.ts';
import { checkNamespaceMode, containerOfMode } from './namespaces.ts';
import { checkPropagation } from './propagation.ts';

test('modes that Docker knows pass, others are named', () => {
  for (const mode of ['', 'none', 'private', 'shareable', 'host', 'container:x']) checkNamespaceMode('ipc', mode);
  for (const mode of ['', 'host', 'container:x']) checkNamespaceMode('pid', mode);
  const refused = (kind: Parameters<typeof checkNamespaceMode>[0], mode: string, message: string): void => {
    assert.throws(() => checkNamespaceMode(kind, mode), { kind: 'invalid', message });
  };
  refused('ipc', 'x', 'invalid IPC mode: x');
  refused('pid', 'private', 'invalid PID mode: private');
  refused('uts', 'container:x', 'invalid UTS mode: container:x');
  refused('cgroup', 'x', 'invalid cgroup namespace mode: x');
  assert.equal(containerOfMode('container:web'), 'web');
  assert.equal(containerOfMode('host'), undefined);
});

test('a shared bind needs a shared mount below it', () => {
  const entry = (target: string, ...propagation: string[]): MountEntry => ({ id: 1, parentId: 0, device: '0:1', root: '/', target, options: [], propagation, type: 'ext4', source: '', superOptions: [] });
  const table = [entry('/'), entry('/srv', 'shared:3'), entry('/srv/slave', 'master:3'), entry('/srvx')];
  const bind = (source: string, propagation: string): ContainerMount[] => [{ type: 'bind', source, destination: '/x', readOnly: false, propagation }];
  for (const [source, propagation] of [['/srv/a', 'rshared'], ['/srv', 'shared'], ['/srv/slave/a', 'rslave'], ['/srv', 'slave'], ['/tmp', 'rprivate'], ['/tmp', '']] as const) checkPropagation(bind(source, propagation), () => table);
  assert.throws(() => checkPropagation(bind('/srv/slave', 'rshared'), () => table), { kind: 'internal', message: 'path /srv/slave is mounted on /srv/slave but it is not a shared mount' });
  assert.throws(() => checkPropagation(bind('/srvy', 'rshared'), () => table), { message: 'path /srvy is mounted on / but it is not a shared mount' });
  assert.throws(() => checkPropagation(bind('/srvx', 'slave'), () => table), { message: 'path /srvx is mounted on /srvx but it is not a shared or slave mount' });
});
