import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { detectCgroups } from '#parts/host/cgroups.ts';
import { boundingCapabilities } from '#parts/security/capabilities.ts';
import { resolveDevices } from './devices.ts';
import { preparedMounts } from './prepared-mounts.ts';
import { Runtimes, type Runtime } from './runtimes.ts';
import { fakeHost, NO_LIMITS, plainInput, RealRoot, USUAL_SECURITY } from './testing.ts';

const layout = detectCgroups();
const runtimes = await Runtimes.find({}, '', layout);
const status = await readFile('/proc/self/status', 'utf8');
const host = fakeHost({ capabilities: boundingCapabilities(status) });

// Values marked "dockerd" are what a container of dockerd 28.5 showed on the same kernel for the same flags.
for (const name of ['crun', 'runc']) {
  describe(`with ${name}`, { timeout: 120_000 }, () => {
    let root: RealRoot;
    let runtime: Runtime;
    before(async () => {
      runtime = runtimes.get(name);
      root = await RealRoot.make();
    });
    after(async () => root[Symbol.asyncDispose]());

    const linesOf = async (script: string, changes: Parameters<typeof plainInput>[0] = {}): Promise<string[]> => {
      const { exitCode, stdout, stderr } = await root.run(runtime, script, { host, ...changes });
      assert.equal(`${exitCode} ${stderr}`.trim(), '0');
      return stdout.trim().split('\n');
    };

    test('capabilities and seccomp are those of dockerd', async () => {
      assert.deepEqual(await linesOf('grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status'), [
        'CapInh:\t0000000000000000',
        'CapPrm:\t00000000a80425fb',
        'CapEff:\t00000000a80425fb',
        'CapBnd:\t00000000a80425fb',
        'CapAmb:\t0000000000000000',
        'NoNewPrivs:\t0',
        'Seccomp:\t2',
      ]);
    });

    test('a user that is not root holds no capability, but could gain those of the set', async () => {
      const process = { ...plainInput().process, uid: 1009, gid: 1010, additionalGids: [1010, 4, 50] };
      const [groups, ...caps] = await linesOf('id; grep -E "^Cap(Prm|Eff|Bnd)" /proc/self/status', { process });
      assert.equal(groups, 'uid=1009(app) gid=1010 groups=4,50,1010');
      assert.deepEqual(caps, ['CapPrm:\t0000000000000000', 'CapEff:\t0000000000000000', 'CapBnd:\t00000000a80425fb']);
    });

    test('mounts, masks and read-only paths are those of dockerd', async () => {
      const mounts = (await linesOf('cat /proc/mounts')).map((line) => line.split(' '));
      const optionsAt = (path: string): string[] => mounts.find(([, target]) => target === path)?.[3]?.split(',') ?? [];
      assert.deepEqual(optionsAt('/proc').slice(0, 4), ['rw', 'nosuid', 'nodev', 'noexec']);
      assert.deepEqual(optionsAt('/dev').filter((word) => word !== 'inode64'), ['rw', 'nosuid', 'size=65536k', 'mode=755']);
      assert.ok(['rw', 'nosuid', 'noexec', 'gid=5', 'mode=620', 'ptmxmode=666'].every((word) => optionsAt('/dev/pts').includes(word)));
      assert.deepEqual(optionsAt('/sys').slice(0, 4), ['ro', 'nosuid', 'nodev', 'noexec']);
      assert.ok(optionsAt('/dev/shm').includes('size=65536k'));
      assert.ok(optionsAt('/dev/mqueue').includes('nosuid'));
      for (const path of ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys']) assert.equal(optionsAt(path)[0], 'ro', path);
      for (const path of ['/proc/keys', '/proc/timer_list', '/sys/firmware']) assert.ok(mounts.some(([, target]) => target === path), path);
      const cgroups = mounts.filter(([, target]) => target?.startsWith('/sys/fs/cgroup/'));
      assert.ok(cgroups.every(([, , , options]) => options?.startsWith('ro,')), JSON.stringify(cgroups));
    });

    test('the devices are those of dockerd', async () => {
      // runtimes of Debian 12 also link /dev/core where the host has /proc/kcore
      const names = (await linesOf('ls /dev')).filter((device) => device !== 'core');
      assert.equal(names.join(' '), 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero');
    });

    test('a privileged container has every capability and device, no filter and no masks', async () => {
      const security = { ...USUAL_SECURITY, privileged: true };
      const devices = await resolveDevices(NO_LIMITS, true);
      const lines = await linesOf('grep -E "^(CapEff|Seccomp:)" /proc/self/status; grep -cE " /proc/|/sys/firmware" /proc/mounts; ls /dev/loop-control; grep " /sys sysfs" /proc/mounts', { security, devices });
      const all = /^CapBnd:\s*(\w+)/m.exec(status)?.[1];
      assert.deepEqual(lines.slice(0, 4), [`CapEff:\t${all}`, 'Seccomp:\t0', '0', '/dev/loop-control']);
      assert.match(lines[4] ?? '', /sysfs rw,/);
    });

    test('what the filter refuses is refused, and what a capability opens is open', async () => {
      const { stderr } = await root.run(runtime, 'unshare -m true', { host });
      assert.match(stderr, /Operation not permitted/);
      const security = { ...USUAL_SECURITY, capAdd: ['SYS_ADMIN'] };
      assert.deepEqual(await linesOf('unshare -m echo in', { security }), ['in']);
      const unconfined = { ...USUAL_SECURITY, securityOpt: ['seccomp=unconfined'] };
      assert.deepEqual(await linesOf('unshare -U echo in', { security: unconfined }), ['in']);
    });

    test('a profile of the user\'s applies', async () => {
      const profile = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 30 }] });
      const { stderr } = await root.run(runtime, 'busybox mkdir /tmp/x', { host, security: { ...USUAL_SECURITY, securityOpt: [`seccomp=${profile}`] } });
      assert.match(stderr, /Read-only file system/);
    });

    test('a read-only root takes no files, its tmpfs does', async () => {
      const security = { ...USUAL_SECURITY, readonlyRootfs: true };
      const mounts = [{ type: 'tmpfs', destination: '/tmp', options: 'size=1m' } as const];
      const lines = await linesOf('touch /x 2>&1; touch /tmp/y && echo made; grep " /tmp " /proc/mounts', { security, mounts });
      assert.match(lines[0] ?? '', /Read-only file system/);
      assert.equal(lines[1], 'made');
      assert.match(lines[2] ?? '', /nosuid,nodev,noexec.*size=1024k/);
    });

    test('binds are there, read-only where asked, with what is mounted below', async () => {
      const mounts = [
        { type: 'bind', source: '/tmp', destination: '/a/b', readOnly: true, propagation: 'rprivate' },
        { type: 'bind', source: '/tmp', destination: '/a', readOnly: false, propagation: 'rprivate' },
      ] as const;
      const lines = await linesOf('grep -E " /a(/b)? " /proc/mounts; touch /a/b/x 2>&1 || true', { mounts });
      assert.match(lines[0] ?? '', / \/a .* rw,/);
      assert.match(lines[1] ?? '', / \/a\/b .* ro,/);
      assert.match(lines[2] ?? '', /Read-only file system/);
    });

    test('a single file can be bound read-only', async () => {
      const bind = { type: 'bind', source: import.meta.filename, destination: '/etc/made/here', readOnly: true, propagation: 'rprivate' } as const;
      const lines = await linesOf('grep " /etc/made/here " /proc/mounts; touch /etc/made/here 2>&1 || true', { mounts: preparedMounts([bind], root.rootfs) });
      assert.match(lines[0] ?? '', / ro,/);
      assert.match(lines[1] ?? '', /Read-only file system/);
    });

    test('limits are in the cgroup', async () => {
      const limits = { ...NO_LIMITS, memoryBytes: 64 << 20, memorySwapBytes: 128 << 20, pidsLimit: 50, nanoCpus: 0.5e9, cpuShares: 512 };
      const script = layout.version === 2
        ? 'cd /sys/fs/cgroup; cat memory.max memory.swap.max pids.max cpu.max'
        : 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.shares';
      const wanted = layout.version === 2 ? ['67108864', '67108864', '50', '50000 100000'] : ['67108864', '134217728', '50', '50000', '512'];
      assert.deepEqual(await linesOf(script, { limits }), wanted);
    });

    test('host name, sysctls, ulimits and oom score are set', async () => {
      const limits = { ...NO_LIMITS, ulimits: [{ name: 'nofile', soft: 100, hard: 200 }, { name: 'core', soft: -1, hard: -1 }] };
      const lines = await linesOf('hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ip_forward; ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj', {
        limits,
        hostname: 'web.example.com',
        sysctls: { 'net.ipv4.ip_forward': '1' },
        oomScoreAdj: 300,
      });
      assert.deepEqual(lines, ['web.example.com', '0', '1', '100', '200', 'unlimited', '300']);
    });

    test('no new privileges is set where asked', async () => {
      const security = { ...USUAL_SECURITY, securityOpt: ['no-new-privileges'] };
      assert.deepEqual(await linesOf('grep NoNewPrivs /proc/self/status', { security }), ['NoNewPrivs:\t1']);
    });

    test('devices of the host appear under their name, for what was permitted', async () => {
      const limits = { ...NO_LIMITS, devices: [{ source: '/dev/loop-control', target: '/dev/foo/bar', permissions: 'r' }] };
      const script = 'stat -c "%t %T %a" /dev/foo/bar; (: < /dev/foo/bar) && echo read; (: > /dev/foo/bar) 2>/dev/null || echo refused';
      assert.deepEqual(await linesOf(script, { limits, devices: await resolveDevices(limits, false) }), ['a ed 600', 'read', 'refused']);
    });

    test('an own cgroup namespace shows the container as the root', async () => {
      const lines = await linesOf('cat /proc/self/cgroup', { namespaces: { ...plainInput().namespaces, cgroup: 'private' } });
      assert.ok(lines.every((line) => line.endsWith(':/')), lines.join());
    });
  });
}
