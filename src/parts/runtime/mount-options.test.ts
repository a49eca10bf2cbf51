import assert from 'node:assert/strict';
import test from 'node:test';
import { ociMount } from './mount-options.ts';

test('mounts become what dockerd 28.5 writes into config.json', () => {
  const bind = { type: 'bind', source: '/srv', destination: '/data', readOnly: false, propagation: 'rprivate' } as const;
  assert.deepEqual(ociMount(bind, true).options, ['rbind', 'rprivate']);
  assert.deepEqual(ociMount({ ...bind, readOnly: true }, true).options, ['rbind', 'rro', 'rprivate']);
  assert.deepEqual(ociMount({ ...bind, readOnly: true }, false).options, ['rbind', 'ro', 'rprivate']);
  assert.deepEqual(ociMount({ ...bind, readOnly: true, readOnlyNonRecursive: true }, true).options, ['rbind', 'ro', 'rprivate']);
  assert.deepEqual(ociMount({ ...bind, nonRecursive: true }, true).options, ['bind', 'rprivate']);
  assert.deepEqual(ociMount({ ...bind, propagation: '' }, true).options, ['rbind']);
  assert.deepEqual(ociMount({ type: 'tmpfs', destination: '/t', options: 'exec' }, true), {
    destination: '/t',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'rprivate', 'exec'],
  });
});
