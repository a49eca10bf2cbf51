import assert from 'node:assert/strict';
import { mkdtempDisposable, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { numbersOf, parseDeviceRule, resolveDevices } from './devices.ts';
import type { ResourceLimits } from './settings.ts';
import { NO_LIMITS } from './testing.ts';

const resolve = (limits: Partial<ResourceLimits>, privileged = false) => resolveDevices({ ...NO_LIMITS, ...limits }, privileged);

test('a device is found by its numbers and gets the name it has inside', async () => {
  const { nodes, rules } = await resolve({ devices: [{ source: '/dev/null', target: '/dev/xnull', permissions: 'r' }, { source: '/dev/zero', target: '', permissions: '' }] });
  assert.deepEqual(nodes, [
    { path: '/dev/xnull', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 },
    { path: '/dev/zero', type: 'c', major: 1, minor: 5, fileMode: 0o666, uid: 0, gid: 0 },
  ]);
  assert.deepEqual(rules, [
    { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
    { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' },
  ]);
});

test('a link leads to its device, a folder to all below', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-devices-'));
  await symlink('/dev/null', join(folder.path, 'link'));
  const { nodes } = await resolve({ devices: [{ source: join(folder.path, 'link'), target: '/dev/a', permissions: 'rwm' }, { source: '/dev/net', target: '/dev/net', permissions: 'rwm' }] });
  assert.deepEqual(nodes.map(({ path }) => path), ['/dev/a', '/dev/net/tun']);
});

test('a privileged container has the devices of the host, but no terminals', async () => {
  const { nodes, rules } = await resolve({}, true);
  const paths = nodes.map(({ path }) => path);
  assert.ok(paths.includes('/dev/null') && paths.includes('/dev/full'));
  assert.ok(!paths.some((path) => path.startsWith('/dev/pts/') || path === '/dev/console'));
  assert.deepEqual(rules, [{ allow: true, access: 'rwm' }]);
});

test('what is no device is refused in the words of Docker', async () => {
  const refused = async (source: string, message: string): Promise<void> => {
    await assert.rejects(resolve({ devices: [{ source, target: '/dev/x', permissions: 'rwm' }] }), { kind: 'internal', message });
  };
  await refused('/dev/nosuch', 'error gathering device information while adding custom device "/dev/nosuch": no such file or directory');
  await refused('/etc/passwd', 'error gathering device information while adding custom device "/etc/passwd": not a device node');
  await assert.rejects(resolve({ deviceRequests: [{ driver: '', count: -1, deviceIds: [], capabilities: [['gpu']], options: {} }] }), {
    message: 'could not select device driver "" with capabilities: [[gpu]]',
  });
  await assert.rejects(resolve({ blkioReadBps: [{ path: '/dev/nosuch', rate: 5 }] }), { message: 'stat /dev/nosuch: no such file or directory' });
});

test('rules of the devices cgroup', () => {
  assert.deepEqual(parseDeviceRule('c 1:3 mr'), { allow: true, type: 'c', major: 1, minor: 3, access: 'mr' });
  assert.deepEqual(parseDeviceRule('b *:* rwm'), { allow: true, type: 'b', access: 'rwm' });
  for (const text of ['x', 'x 1', 'c 1:3', 'c 1:3 q', 'c -1:3 r']) {
    assert.throws(() => parseDeviceRule(text), { kind: 'internal', message: `invalid device cgroup rule format: '${text}'` });
  }
});

test('device numbers beyond eight bits', () => {
  assert.deepEqual(numbersOf(0x0103), { major: 1, minor: 3 });
  assert.deepEqual(numbersOf(254 * 256), { major: 254, minor: 0 });
  assert.deepEqual(numbersOf(0x1001_0203), { major: 0x102, minor: 0x1_0003 });
});
