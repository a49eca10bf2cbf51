import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { detectCgroups, killCgroup, listCgroupPids, parseProcCgroup, removeCgroup } from './cgroups.ts';
import { parseMountInfo } from './mount-table.ts';

const HYBRID = parseMountInfo(`
30 25 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 30 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
34 30 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate`);

test('a hybrid layout is version 1 with its controllers', () => {
  const layout = detectCgroups(HYBRID);
  assert.equal(layout.version, 1);
  assert.equal(layout.hybrid, true);
  assert.equal(layout.unified, '/sys/fs/cgroup/unified');
  assert.equal(layout.hierarchies.get('cpuacct'), '/sys/fs/cgroup/cpu,cpuacct');
  assert.deepEqual([...layout.controllers], ['cpu', 'cpuacct', 'memory']);
});

test('version 2: pids of the whole tree, and its removal', async (context) => {
  const root = mkdtempSync('/tmp/hostnet-cgroups-');
  context.after(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
  const layout = detectCgroups(parseMountInfo(`30 25 0:27 / ${root} rw - cgroup2 cgroup2 rw`));
  assert.equal(layout.version, 2);
  assert.equal(layout.hybrid, false);
  assert.equal(layout.controllers.has('pids'), true);
  mkdirSync(join(root, 'onggi/c1/inner'), { recursive: true });
  writeFileSync(join(root, 'onggi/c1/cgroup.procs'), '4194301\n4194302\n');
  writeFileSync(join(root, 'onggi/c1/inner/cgroup.procs'), '4194303\n');
  assert.deepEqual(listCgroupPids(layout, '/onggi/c1'), [4194301, 4194302, 4194303]);
  assert.deepEqual(listCgroupPids(layout, '/onggi/absent'), []);
  assert.equal(await killCgroup(layout, '/onggi/c1', 50), false);
  assert.equal(await killCgroup(layout, '/onggi/absent'), true);
  mkdirSync(join(root, 'onggi/c2/inner'), { recursive: true });
  removeCgroup(layout, '/onggi/c2');
  removeCgroup(layout, '/onggi/c2');
  assert.deepEqual(listCgroupPids(layout, '/onggi/c2'), []);
});

test('a real cgroup: its processes are killed, then it goes', async (context) => {
  const host = detectCgroups();
  const hierarchy = host.version === 2 ? host.unified : host.hierarchies.get('pids');
  if (hierarchy === undefined) return context.skip('this host has no pids controller');
  const layout = host.version === 2 ? host : { ...host, hierarchies: new Map([['pids', hierarchy]]) };
  const path = `/onggi-test-${process.pid}`;
  mkdirSync(join(hierarchy, path, 'inner'), { recursive: true });
  const children = ['', 'inner'].map((below) => {
    // It forks once it is inside.
    const child = spawn('sh', ['-c', 'read go; sleep 100 & sleep 100'], { stdio: ['pipe', 'ignore', 'ignore'] });
    writeFileSync(join(hierarchy, path, below, 'cgroup.procs'), String(child.pid));
    child.stdin.end('go\n');
    return child;
  });
  assert.ok(listCgroupPids(layout, path).length >= 2);
  assert.throws(() => removeCgroup(layout, path), { code: 'EBUSY' });
  const ends = children.map((child) => once(child, 'exit'));
  assert.equal(await killCgroup(layout, path), true);
  await Promise.all(ends);
  removeCgroup(layout, path);
  assert.equal(existsSync(join(hierarchy, path)), false);
});

test('the cgroups of a process by controller', () => {
  const paths = parseProcCgroup('5:cpu,cpuacct:/a:b\n1:name=systemd:/s\n0::/unified\n\n');
  assert.deepEqual([...paths], [['cpu', '/a:b'], ['cpuacct', '/a:b'], ['name=systemd', '/s'], ['', '/unified']]);
});
