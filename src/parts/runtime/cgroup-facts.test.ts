import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import type { CgroupLayout } from '#parts/host/cgroups.ts';
import { readCgroupFacts } from './cgroup-facts.ts';
import { cgroupPathOf, defaultCgroupNamespace, oomFiles } from './container-cgroup.ts';

async function tree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

test('version 1 is told by the files of each controller, also where two share a mount', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-cgroups-'));
  const root = folder.path;
  await tree(root, {
    'memory/memory.limit_in_bytes': '', 'memory/memory.oom_control': '', 'memory/memory.swappiness': '',
    'cpu,cpuacct/cpu.shares': '', 'cpu,cpuacct/cpu.cfs_quota_us': '',
    'cpuset/cpuset.cpus': '0-3\n', 'cpuset/cpuset.mems': '0\n',
    'blkio/blkio.throttle.read_bps_device': '',
  });
  const hierarchies = new Map(['memory', 'cpuset', 'blkio', 'pids'].map((name) => [name, join(root, name)] as const));
  hierarchies.set('cpu', join(root, 'cpu,cpuacct'));
  const facts = await readCgroupFacts({ version: 1, hybrid: false, unified: undefined, hierarchies, controllers: new Set(hierarchies.keys()) });
  assert.deepEqual(
    { ...facts, cpuCount: 0 },
    {
      version: 1,
      memory: true, swap: false, memoryReservation: false, memorySwappiness: true, oomKillDisable: true, kernelMemoryTcp: false,
      cpuShares: true, cpuCfs: true, cpuRealtime: false, cpuset: true, cpus: '0-3', mems: '0', cpuCount: 0,
      pids: true,
      blkioWeight: false, blkioWeightDevice: false, blkioReadBps: true, blkioWriteBps: false, blkioReadIops: false, blkioWriteIops: false,
    },
  );
});

test('version 2 is told by its controllers', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-cgroups-'));
  const unified = folder.path;
  await tree(unified, { 'cgroup.controllers': 'cpuset cpu io memory pids\n', 'cpuset.cpus.effective': '0-1\n', 'cpuset.mems.effective': '0\n', 'system.slice/memory.swap.max': 'max\n' });
  const layout: CgroupLayout = { version: 2, hybrid: false, unified, hierarchies: new Map(), controllers: new Set(['cpuset', 'cpu', 'io', 'memory', 'pids']) };
  const facts = await readCgroupFacts(layout);
  assert.deepEqual([facts.memory, facts.swap, facts.pids, facts.cpuset, facts.blkioWeight, facts.cpus], [true, true, true, true, true, '0-1']);
  assert.deepEqual([facts.memorySwappiness, facts.oomKillDisable, facts.kernelMemoryTcp, facts.cpuRealtime], [false, false, false, false]);
  assert.deepEqual(oomFiles(layout, '/onggi/x'), [join(unified, 'onggi/x/memory.events')]);
  assert.equal(defaultCgroupNamespace(layout), 'private');
  assert.equal((await readCgroupFacts({ ...layout, controllers: new Set(['cpu']) })).swap, false);
});

test('a cgroup lies below its parent and never outside the tree', () => {
  assert.equal(cgroupPathOf('', 'c1'), '/onggi/c1');
  assert.equal(cgroupPathOf('/foo/', 'c1'), '/foo/c1');
  assert.equal(cgroupPathOf('foo/bar', 'c1'), '/foo/bar/c1');
  assert.equal(cgroupPathOf('../../x', 'c1'), '/x/c1');
});

test('version 1 tells of killed processes in the memory hierarchy', () => {
  const layout: CgroupLayout = { version: 1, hybrid: true, unified: '/u', hierarchies: new Map([['memory', '/m']]), controllers: new Set() };
  assert.deepEqual(oomFiles(layout, '/onggi/x'), ['/m/onggi/x/memory.oom_control']);
  assert.deepEqual(oomFiles({ ...layout, hierarchies: new Map() }, '/onggi/x'), []);
  assert.equal(defaultCgroupNamespace(layout), 'host');
});
