import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges } from '#engine/images/import-changes.ts';
import { EMPTY_RUN_CONFIG } from '#parts/oci/image-document.ts';
import { committedConfig } from './committed-config.ts';

const own = { ...EMPTY_RUN_CONFIG, user: 'joe', env: ['A=1', 'B=2'], entrypoint: ['/ep'], cmd: ['old'], labels: { a: 'own', b: 'own' }, exposedPorts: ['80/tcp'], volumes: ['/v'], workingDir: '/w' };

test('what a configuration does not say comes from the container', () => {
  assert.deepEqual(committedConfig(EMPTY_RUN_CONFIG, own), own);
  const given = { ...EMPTY_RUN_CONFIG, user: '5', env: ['A=9'], cmd: ['new'], labels: { a: 'given' }, exposedPorts: ['443/tcp'] };
  assert.deepEqual(committedConfig(given, own), {
    ...own, user: '5', env: ['A=9', 'B=2'], cmd: ['new'], labels: { a: 'given', b: 'own' }, exposedPorts: ['443/tcp', '80/tcp'],
  });
});

test('an entry point of its own brings no command of the container with it', () => {
  const { entrypoint, cmd } = committedConfig({ ...EMPTY_RUN_CONFIG, entrypoint: ['/mine'] }, own);
  assert.deepEqual([entrypoint, cmd], [['/mine'], null]);
});

test('changes change the container’s own configuration', () => {
  const { env, cmd } = committedConfig(applyChanges(own, ['ENV A=7 C=3', 'CMD echo x']), own);
  assert.deepEqual([env, cmd], [['A=7', 'B=2', 'C=3'], ['/bin/sh', '-c', 'echo x']]);
});
