import assert from 'node:assert/strict';
import { chmod, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { CgroupLayout } from '#parts/host/cgroups.ts';
import { findExecutable } from './executables.ts';
import { findInit } from './init-binary.ts';
import { Runtimes } from './runtimes.ts';

const V2: CgroupLayout = { version: 2, hybrid: false, unified: '/sys/fs/cgroup', hierarchies: new Map(), controllers: new Set() };
const HYBRID: CgroupLayout = { ...V2, version: 1, hybrid: true, unified: '/sys/fs/cgroup/unified' };

async function program(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

test('crun is the default, and no runtime sees the second hierarchy of a hybrid host', async () => {
  const runtimes = await Runtimes.find({}, '', HYBRID);
  const { name, features, hidePaths } = runtimes.get('');
  assert.deepEqual([runtimes.defaultName, name, hidePaths], ['crun', 'crun', ['/sys/fs/cgroup/unified']]);
  assert.deepEqual(features, { compiledSeccomp: true, recursiveReadOnly: true });
  assert.equal(runtimes.get('io.containerd.runc.v2').name, 'crun');
  assert.deepEqual(runtimes.get('runc').hidePaths, ['/sys/fs/cgroup/unified']);
  assert.deepEqual((await Runtimes.find({}, '', V2)).get('crun').hidePaths, []);
});

test('a configured runtime is asked what it is', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-runtimes-'));
  const old = await program(folder.path, 'old', 'echo runc version 1.0.3');
  const broken = await program(folder.path, 'broken', 'exit 1');
  const runtimes = await Runtimes.find({ old: { path: old, args: ['--debug'] }, broken: { path: broken, args: [] }, gone: { path: '/nonexistent/x', args: [] } }, 'old', V2);
  const { name, path, args, version, features } = runtimes.get('');
  assert.deepEqual([name, path, args, version], ['old', old, ['--debug'], 'runc version 1.0.3']);
  assert.deepEqual(features, { compiledSeccomp: false, recursiveReadOnly: false });
  assert.equal(runtimes.get('broken').version, '');
  assert.throws(() => runtimes.get('nosuch'), { kind: 'invalid', message: 'unknown or invalid runtime name: nosuch' });
  assert.throws(() => runtimes.get('gone'), { kind: 'invalid', message: /^unknown or invalid runtime name: gone: its program \/nonexistent\/x is not there/ });
});

test('a default runtime that nobody configured is refused at once', async () => {
  await assert.rejects(Runtimes.find({}, 'nosuch', V2), { kind: 'invalid', message: /^specified default runtime 'nosuch' does not exist: / });
});

test('a host without any runtime says what to install', () => {
  assert.throws(() => new Runtimes([], '').get(''), { kind: 'internal', message: 'no OCI runtime is installed: install the package "crun" or "runc"' });
});

test('programs are found by name and by path', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-runtimes-'));
  const path = await program(folder.path, 'thing', '');
  await writeFile(join(folder.path, 'plain'), '');
  assert.equal(await findExecutable('thing', folder.path), path);
  assert.equal(await findExecutable('plain', folder.path), undefined);
  assert.equal(await findExecutable(folder.path), undefined);
  assert.ok((await findExecutable('crun', ''))?.endsWith('/crun'), 'also where PATH is empty');
});

test('an init is the configured one, else one that is installed', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-init-'));
  await program(folder.path, 'docker-init', '');
  assert.equal(await findInit('', folder.path), join(folder.path, 'docker-init'));
  await assert.rejects(findInit('/nonexistent/init'), {
    kind: 'internal',
    message: '--init needs an init binary, but /nonexistent/init is not there or cannot be run: install the package "tini", or set "init-path" in daemon.json',
  });
});
