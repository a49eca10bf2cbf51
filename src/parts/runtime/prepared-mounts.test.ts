import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { ociMount } from './mount-options.ts';
import { preparedMounts } from './prepared-mounts.ts';

test('a tmpfs has the mode of the folder that it covers, unless it names one', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'onggi-tmpfs-'));
  await mkdir(join(root.path, 'run'));
  await chmod(join(root.path, 'run'), 0o711);
  await mkdir(join(root.path, 'tmp'));
  await chmod(join(root.path, 'tmp'), 0o1777);
  await writeFile(join(root.path, 'file'), '');
  await symlink('/run', join(root.path, 'link'));
  const optionsOf = (destination: string, options: string): string => {
    const [mount] = preparedMounts([{ type: 'tmpfs', destination, options }], root.path);
    return mount?.type === 'tmpfs' ? mount.options : 'not a tmpfs';
  };
  assert.equal(optionsOf('/run', ''), 'mode=711');
  assert.equal(optionsOf('/link', 'size=1m'), 'size=1m,mode=711');
  assert.equal(optionsOf('/tmp', 'noexec'), 'noexec,mode=1777');
  assert.equal(optionsOf('/run', 'size=1m,mode=700'), 'size=1m,mode=700');
  assert.equal(optionsOf('/made/later', 'size=1m'), 'size=1m');
  assert.equal(optionsOf('/file', ''), '');
});

test('a file is made read-only by itself, a folder with all below', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'onggi-binds-'));
  await writeFile(join(root.path, 'file'), '');
  const optionsOf = (source: string, readOnly: boolean): readonly string[] => {
    const [mount] = preparedMounts([{ type: 'bind', source, destination: '/x', readOnly, propagation: '' }], '/nonexistent');
    return mount ? ociMount(mount, true).options : [];
  };
  assert.deepEqual(optionsOf(join(root.path, 'file'), true), ['rbind', 'ro']);
  assert.deepEqual(optionsOf(join(root.path, 'file'), false), ['rbind']);
  assert.deepEqual(optionsOf(root.path, true), ['rbind', 'rro']);
  assert.deepEqual(optionsOf('/nonexistent', true), ['rbind', 'rro']);
});
