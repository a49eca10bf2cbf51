import assert from 'node:assert/strict';
import test from 'node:test';
import { loadProfile } from '#parts/security/seccomp/load-profile.ts';
import { ContainerFilters } from '#parts/security/seccomp/container-filters.ts';
import { ociProcess } from './process.ts';
import { runtimeSpec, specText } from './runtime-spec.ts';
import type { RuntimeFeatures, SpecInput } from './spec-input.ts';
import { fakeHost, NO_LIMITS, plainInput, USUAL_SECURITY } from './testing.ts';

const FEATURES: RuntimeFeatures = { compiledSeccomp: false, recursiveReadOnly: true };
const specOf = (changes: Partial<SpecInput> = {}, features = FEATURES) => runtimeSpec(plainInput(changes), features);
const DEFAULTS = 'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
  .split(' ')
  .map((name) => `CAP_${name}`);

/**
 * `docker run -d --network none IMAGE sleep 100` with dockerd 28.5, without what differs on purpose: the version (crun
 * 1.8 refuses 1.2), device rules written twice, a denied /dev/fuse after "deny all", and empty limits.
 */
test('a plain container is what dockerd makes of it', () => {
  const { linux: { seccomp, ...linux }, ...spec } = specOf();
  assert.deepEqual(spec, {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0] },
      args: ['sleep', '100'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: DEFAULTS, effective: DEFAULTS, permitted: DEFAULTS },
      oomScoreAdj: 0,
    },
    root: { path: '/rootfs' },
    hostname: 'web',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
      { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=67108864'] },
    ],
  });
  assert.deepEqual(linux, {
    sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' },
    resources: {
      devices: [
        { allow: false, access: 'rwm' },
        ...[5, 3, 9, 8].map((minor) => ({ allow: true, type: 'c', major: 1, minor, access: 'rwm' })),
        ...[0, 1].map((minor) => ({ allow: true, type: 'c', major: 5, minor, access: 'rwm' })),
        // dockerd's runc adds this one by itself
        { allow: true, type: 'c', major: 10, minor: 200, access: 'rwm' },
      ],
    },
    cgroupsPath: '/onggi/c1',
    namespaces: [{ type: 'mount' }, { type: 'network' }, { type: 'uts' }, { type: 'pid' }, { type: 'ipc' }],
    maskedPaths: '/proc/asound /proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap'.split(' '),
    readonlyPaths: '/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger'.split(' '),
  });
  assert.equal(seccomp?.defaultErrnoRet, 1);
});

test('a privileged container has no masks, no filter, every device and writable kernel file systems', () => {
  const security = { ...USUAL_SECURITY, privileged: true, readonlyRootfs: true };
  const { linux, mounts, process, root } = specOf({ security, devices: { nodes: [], rules: [{ allow: true, access: 'rwm' }], blockDevices: new Map() } });
  assert.deepEqual([linux.seccomp, linux.maskedPaths, linux.readonlyPaths], [undefined, undefined, undefined]);
  assert.deepEqual(linux.resources.devices.at(-1), { allow: true, access: 'rwm' });
  for (const path of ['/sys', '/sys/fs/cgroup']) assert.deepEqual(mounts.find(({ destination }) => destination === path)?.options, ['nosuid', 'noexec', 'nodev']);
  assert.equal(process.capabilities.bounding.length, 41);
  assert.equal(root.readonly, true);
});

test('namespaces of others and of the host', () => {
  const { linux, hostname, mounts } = specOf({
    namespaces: { network: { path: '/run/netns/x' }, pid: 'host', ipc: { path: '/proc/7/ns/ipc' }, uts: 'host', cgroup: 'private' },
    shm: { type: 'shared', source: '/dev/shm' },
  });
  assert.deepEqual(linux.namespaces, [{ type: 'mount' }, { type: 'network', path: '/run/netns/x' }, { type: 'ipc', path: '/proc/7/ns/ipc' }, { type: 'cgroup' }]);
  assert.equal(hostname, undefined);
  assert.deepEqual(mounts.at(-1), { destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind', 'rprivate'] });
  assert.deepEqual(specOf({ namespaces: { network: 'host', pid: 'private', ipc: 'private', uts: 'private', cgroup: 'host' } }).linux.sysctl, {});
});

test('mounts hide the defaults that they cover, and lie in the order of their depth', () => {
  const bind = (destination: string) => ({ type: 'bind', source: '/srv', destination, readOnly: false, propagation: 'rprivate' }) as const;
  const places = (...mounts: SpecInput['mounts']): string => specOf({ mounts }).mounts.map(({ destination }) => destination).join(' ');
  assert.equal(places(bind('/dev')), '/proc /sys /sys/fs/cgroup /dev');
  assert.equal(places(bind('/dev/shm/')), '/proc /dev /dev/pts /sys /sys/fs/cgroup /dev/mqueue /dev/shm/');
  assert.equal(places(bind('/a/b/c'), bind('/a/b'), bind('/a')).split(' ').slice(-4).join(' '), '/a /dev/shm /a/b /a/b/c');
  assert.equal(specOf({ shm: { type: 'none' } }).mounts.some(({ destination }) => destination === '/dev/shm'), false);
});

test('security options and paths of its own', () => {
  const security = { ...USUAL_SECURITY, securityOpt: ['no-new-privileges', 'writable-cgroups', 'seccomp=unconfined'], maskedPaths: ['/proc/asound'], readonlyPaths: [] };
  const { process, linux, mounts } = specOf({ security });
  assert.equal(process.noNewPrivileges, true);
  assert.deepEqual([linux.seccomp, linux.maskedPaths, linux.readonlyPaths], [undefined, ['/proc/asound'], undefined]);
  assert.equal(mounts.find(({ destination }) => destination === '/sys/fs/cgroup')?.options.includes('ro'), false);
});

test('AppArmor: named, default, and none for a privileged container', () => {
  const host = fakeHost({ apparmorProfile: 'onggi-default' });
  assert.equal(specOf({ host }).process.apparmorProfile, 'onggi-default');
  assert.equal(specOf({ host, security: { ...USUAL_SECURITY, privileged: true } }).process.apparmorProfile, 'unconfined');
  assert.equal(specOf({ host, security: { ...USUAL_SECURITY, securityOpt: ['apparmor=mine'] } }).process.apparmorProfile, 'mine');
  assert.equal(specOf({ security: { ...USUAL_SECURITY, securityOpt: ['apparmor=mine'] } }).process.apparmorProfile, undefined);
});

test('an init stands before the command', () => {
  const { process, mounts } = specOf({ initPath: '/usr/bin/tini-static' });
  assert.deepEqual(process.args, ['/sbin/docker-init', '--', 'sleep', '100']);
  assert.deepEqual(mounts.find(({ destination }) => destination === '/sbin/docker-init'), { destination: '/sbin/docker-init', type: 'bind', source: '/usr/bin/tini-static', options: ['bind', 'ro'] });
});

test('in a pid namespace of others there is no init', () => {
  const namespaces = { ...plainInput().namespaces, pid: 'host' as const };
  assert.deepEqual(specOf({ initPath: '/usr/bin/tini-static', namespaces }).process.args, ['sleep', '100']);
});

test('the network settings of another container stay as they are', () => {
  const of = (network: SpecInput['namespaces']['network']) => Object.keys(specOf({ namespaces: { ...plainInput().namespaces, network } }).linux.sysctl ?? {});
  assert.deepEqual(of({ path: '/proc/7/ns/net', shared: true }), []);
  assert.equal(of({ path: '/run/netns/x' }).length, 2);
});

test('the compiled filter is beside the rules, and nobody else can set it', () => {
  const annotations = { a: 'b', 'run.oci.seccomp_bpf_data': 'AAAA' };
  assert.deepEqual(specOf({ annotations }).annotations, { a: 'b' });
  const compiled = specOf({ annotations }, { ...FEATURES, compiledSeccomp: true });
  assert.ok((compiled.annotations?.['run.oci.seccomp_bpf_data']?.length ?? 0) > 1000);
  assert.ok(compiled.linux.seccomp);
});

test('numbers of 64 bits keep their digits', () => {
  const engineProfile = loadProfile('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"read","action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}');
  const host = fakeHost({ filters: new ContainerFilters({ architecture: 'amd64', kernel: [6, 1], engineProfile, supported: true }) });
  const text = specText(specOf({ host, limits: { ...NO_LIMITS, ulimits: [{ name: 'core', soft: 0, hard: -1 }] } }));
  assert.match(text, /"value":18446744073709551615,/);
  assert.match(text, /\{"type":"RLIMIT_CORE","soft":0,"hard":18446744073709551615\}/);
});

test('what makes no sense is refused in the words of Docker', () => {
  const refused = (changes: Partial<SpecInput>, message: string): void => {
    assert.throws(() => specOf(changes), { kind: 'internal', message });
  };
  const { namespaces } = plainInput();
  refused({ sysctls: { 'kernel.foo': '1' } }, 'sysctl "kernel.foo" is not in a separate kernel namespace');
  refused({ sysctls: { 'net.ipv4.ip_forward': '1' }, namespaces: { ...namespaces, network: 'host' } }, 'sysctl "net.ipv4.ip_forward" not allowed in host network namespace');
  refused({ sysctls: { 'kernel.shmmax': '1' }, namespaces: { ...namespaces, ipc: 'host' } }, 'sysctl "kernel.shmmax" is not allowed in the hosts ipc namespace');
  refused({ limits: { ...NO_LIMITS, ulimits: [{ name: 'foo', soft: 1, hard: 1 }] } }, 'wrong rlimit value: RLIMIT_FOO');
  refused({ mounts: [{ type: 'tmpfs', destination: '/x', options: 'foo' }] }, 'invalid tmpfs option "foo"');
  refused({ security: { ...USUAL_SECURITY, securityOpt: ['seccomp=/x'] } }, "Decoding seccomp profile failed: invalid character '/' looking for beginning of value");
});

test('domain name, shared binds and the engine\'s ulimits', () => {
  const mounts = [{ type: 'bind', source: '/srv', destination: '/x', readOnly: false, propagation: 'rshared' } as const];
  const { linux, process } = specOf({ domainname: 'foo', mounts, host: fakeHost({ ulimits: [{ name: 'nofile', soft: 5, hard: 6 }, { name: 'core', soft: 0, hard: 0 }] }), limits: { ...NO_LIMITS, ulimits: [{ name: 'nofile', soft: 1, hard: 2 }] } });
  assert.equal(linux.sysctl?.['kernel.domainname'], 'foo');
  assert.equal(linux.rootfsPropagation, 'shared');
  assert.deepEqual(process.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 1n, hard: 2n }, { type: 'RLIMIT_CORE', soft: 0n, hard: 0n }]);
});

test('a further process has the capabilities of the container, or all', () => {
  const context = { process: { ...plainInput().process, tty: true, consoleSize: { rows: 24, columns: 80 } }, security: { ...USUAL_SECURITY, capDrop: ['ALL'] }, limits: NO_LIMITS, oomScoreAdj: 5, host: fakeHost() };
  const usual = ociProcess({ ...context, privileged: false });
  assert.deepEqual(usual.capabilities.bounding, []);
  assert.deepEqual([usual.terminal, usual.consoleSize, usual.oomScoreAdj], [true, { height: 24, width: 80 }, 5]);
  assert.equal(ociProcess({ ...context, privileged: true }).capabilities.effective.length, 41);
});
