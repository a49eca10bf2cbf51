import assert from 'node:assert/strict';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import type { ContainerSpec } from '#engine/containers/spec.ts';
import { decodeCreateBody } from './container-body.ts';
import { containerSpec } from './container-create.ts';

function specOf(body: unknown): ContainerSpec {
  return containerSpec(decodeCreateBody(body));
}

function refusal(body: unknown): string {
  try {
    specOf(body);
    return 'taken';
  } catch (thrown) {
    assert.ok(thrown instanceof EngineError, String(thrown));
    return `${thrown.kind === 'invalid' ? 400 : 500} ${thrown.message}`;
  }
}

// The right-hand sides are the answers of dockerd 28.5.2.
const BODIES: readonly (readonly [unknown, string])[] = [
  [null, '400 config cannot be empty in order to create a container'],
  [{}, '400 config cannot be empty in order to create a container'],
  [[], '400 invalid JSON: json: cannot unmarshal array into Go value of type container.CreateRequest'],
  ['x', '400 invalid JSON: json: cannot unmarshal string into Go value of type container.CreateRequest'],
  [{ Image: 5 }, '400 invalid JSON: json: cannot unmarshal number into Go struct field .Image of type string'],
  [{ Tty: 'yes' }, '400 invalid JSON: json: cannot unmarshal string into Go struct field .Tty of type bool'],
  [{ Env: { a: 1 } }, '400 invalid JSON: json: cannot unmarshal object into Go struct field .Env of type []string'],
  [{ Cmd: 'echo hi' }, 'taken'],
  [{ Cmd: 5 }, '400 invalid JSON: json: cannot unmarshal number into Go value of type string'],
  [{ Cmd: [5] }, '400 invalid JSON: json: cannot unmarshal array into Go value of type string'],
  [{ Bogus: 5, HostConfig: { Bogus: 1 } }, 'taken'],
  [{ HostConfig: null, Image: 'x' }, 'taken'],
  [{ Labels: { a: 5 } }, '400 invalid JSON: json: cannot unmarshal number into Go struct field .Labels.a of type string'],
  [{ Labels: ['a=b'] }, '400 invalid JSON: json: cannot unmarshal array into Go struct field .Labels of type map[string]string'],
  [{ ExposedPorts: ['80'] }, '400 invalid JSON: json: cannot unmarshal array into Go struct field .ExposedPorts of type nat.PortSet'],
  [{ ExposedPorts: { '80/tcp': null } }, 'taken'],
  [{ WorkingDir: 'rel' }, `400 the working directory 'rel' is invalid, it needs to be an absolute path`],
  [{ Env: ['=x'] }, '400 invalid environment variable: =x'],
  [{ Env: [''] }, '400 invalid environment variable: '],
  [{ Env: ['a'] }, 'taken'],
  [{ Healthcheck: { Interval: 1 } }, '400 Interval in Healthcheck cannot be less than 1ms'],
  [{ Healthcheck: { Timeout: -1 } }, '400 Timeout in Healthcheck cannot be less than 1ms'],
  [{ Healthcheck: { Retries: -1 } }, '400 Retries in Healthcheck cannot be negative'],
  [{ Healthcheck: { StartPeriod: 5 } }, '400 StartPeriod in Healthcheck cannot be less than 1ms'],
  [{ Healthcheck: { StartInterval: 5 } }, '400 StartInterval in Healthcheck cannot be less than 1ms'],
  [{ MacAddress: 'zz' }, '400 invalid config for network bridge: invalid MAC address zz'],
  [{ StopTimeout: -5 }, 'taken'],
];

for (const [body, expected] of BODIES) {
  test(`create with ${JSON.stringify(body)} is answered as by dockerd`, () => assert.equal(refusal(body), expected));
}

const HOST_CONFIGS: readonly (readonly [object, string])[] = [
  [{ Memory: '5' }, '400 invalid JSON: json: cannot unmarshal string into Go struct field .HostConfig.Memory of type int64'],
  [{ Memory: 5.5 }, '400 invalid JSON: json: cannot unmarshal number 5.5 into Go struct field .HostConfig.Memory of type int64'],
  [{ Binds: 'x' }, '400 invalid JSON: json: cannot unmarshal string into Go struct field .HostConfig.Binds of type []string'],
  [{ Tmpfs: ['/t'] }, '400 invalid JSON: json: cannot unmarshal array into Go struct field .HostConfig.Tmpfs of type map[string]string'],
  [{ PortBindings: { x: [{ HostPort: '1' }] } }, '400 invalid port specification: "x"'],
  [{ PortBindings: { '80/tcp': [{ HostPort: 'abc' }] } }, '400 invalid port specification: "abc"'],
  [{ PortBindings: { '80/tcp': [{ HostPort: '99999' }] } }, '400 invalid port specification: "99999"'],
  [{ PortBindings: { '99999/tcp': [{ HostPort: '1' }] } }, '400 invalid port specification: "99999"'],
  [{ PortBindings: { '80/tcp': [{ HostPort: '10-5' }] } }, '400 invalid port specification: "10-5"'],
  [{ PortBindings: { '80-90/tcp': [{ HostPort: '5' }] } }, '400 invalid port specification: "80-90"'],
  [{ PortBindings: { '80/tcp': [{ HostPort: '-1' }] } }, '400 invalid port specification: "-1"'],
  [{ PortBindings: { '80': [{ HostPort: '1' }], '': [], '81/TCP': null } }, 'taken'],
  [{ Binds: ['a:b:c:d'] }, `500 invalid volume specification: 'a:b:c:d'`],
  [{ Binds: ['a:b:c'] }, '500 invalid mode: c'],
  [{ Binds: [':/x'] }, `500 invalid volume specification: ':/x'`],
  [{ Binds: ['x:'] }, `500 invalid volume specification: 'x:'`],
  [{ Binds: [''] }, `500 invalid volume specification: ''`],
  [{ Binds: ['::'] }, `500 invalid volume specification: '::'`],
  [{ Binds: ['x'] }, `500 invalid volume specification: 'x': invalid mount config for type "volume": invalid mount path: 'x' mount path must be absolute`],
  [{ Binds: ['/x'] }, 'taken'],
  [{ Binds: ['/a:/b:ro,rw'] }, '500 invalid mode: ro,rw'],
  [{ Binds: ['/a:/b:z,Z'] }, '500 invalid mode: z,Z'],
  [{ Binds: ['/a:/b:delegated,cached'] }, '500 invalid mode: delegated,cached'],
  [{ Binds: ['/tmp:/y:ro,z,rslave', '/tmp:/y2:', 'vol:/y3:nocopy,ro'] }, 'taken'],
  [{ Binds: ['vol:/'] }, `500 invalid volume specification: 'vol:/': invalid mount config for type "volume": invalid specification: destination can't be '/'`],
  [{ Binds: ['/tmp:.'] }, `500 invalid volume specification: '/tmp:.': invalid mount config for type "bind": invalid mount path: '.' mount path must be absolute`],
  [{ Binds: ['/tmp:/y:nocopy'] }, `500 invalid volume specification: '/tmp:/y:nocopy': invalid mount config for type "bind": field VolumeOptions must not be specified`],
  [{ Binds: ['vol:/y:rslave'] }, `500 invalid volume specification: 'vol:/y:rslave': invalid mount config for type "volume": field BindOptions must not be specified`],
  [{ Mounts: [{}] }, '400 invalid mount config for type "": field Target must not be empty'],
  [{ Mounts: [{ Type: 'bind', Target: '/x' }] }, '400 invalid mount config for type "bind": field Source must not be empty'],
  [{ Mounts: [{ Type: 'bind', Source: 'rel', Target: '/x' }] }, `400 invalid mount config for type "bind": invalid mount path: 'rel' mount path must be absolute`],
  [{ Mounts: [{ Type: 'bogus', Source: '/tmp', Target: '/x' }] }, '400 invalid mount config for type "bogus": mount type unknown'],
  [{ Mounts: [{ Type: 'volume', Target: '/x', BindOptions: {} }] }, '400 BindOptions must not be specified on mount type "volume"'],
  [{ Mounts: [{ Type: 'tmpfs', Source: '/tmp', Target: '/x' }] }, '400 invalid mount config for type "tmpfs": field Source must not be specified'],
  [{ Mounts: [{ Type: 'bind', Source: '/tmp', Target: '/x', BindOptions: { Propagation: 'bogus' } }] }, '400 invalid mount config for type "bind": invalid propagation mode: bogus'],
  [{ Mounts: [{ Type: 'volume', Source: 'v1', Target: '/' }] }, `400 invalid mount config for type "volume": invalid specification: destination can't be '/'`],
  [{ Mounts: [{ Type: 'volume', Source: 'v', Target: '/x', VolumeOptions: { Subpath: '../x' } }] }, '400 invalid mount config for type "volume": subpath must be a relative path within the volume'],
  [{ Mounts: [{ Type: 'volume', Target: '/x', VolumeOptions: { Subpath: 'x' } }] }, '400 invalid mount config for type "volume": must not set Subpath when using anonymous volumes'],
  [{ Mounts: [{ Type: 'tmpfs', Target: '/x', TmpfsOptions: { Options: [['bogus']] } }] }, '400 invalid mount config for type "tmpfs": invalid option: bogus'],
  [{ Tmpfs: { rel: '' } }, `400 invalid mount path: 'rel' mount path must be absolute`],
  [{ Tmpfs: { '/': '' } }, `400 invalid specification: destination can't be '/'`],
  [{ VolumesFrom: ['x:bad'] }, '400 invalid mode: bad'],
  [{ VolumesFrom: [''] }, '400 volumes-from specification cannot be an empty string'],
  [{ VolumesFrom: [':'] }, '400 invalid name or ID supplied: ""'],
  [{ RestartPolicy: { Name: 'x', MaximumRetryCount: -3 } }, `400 invalid restart policy: unknown policy 'x'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`],
  [{ RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } }, `400 invalid restart policy: maximum retry count can only be used with 'on-failure'`],
  [{ RestartPolicy: { Name: 'always', MaximumRetryCount: -3 } }, `400 invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative`],
  [{ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -3 } }, '400 invalid restart policy: maximum retry count cannot be negative'],
  [{ RestartPolicy: { Name: '', MaximumRetryCount: 3 } }, `400 invalid restart policy: maximum retry count can only be used with 'on-failure'`],
  [{ RestartPolicy: { Name: 'always' }, AutoRemove: true }, `400 can't create 'AutoRemove' container with restart policy`],
  [{ NetworkMode: 'container:' }, '400 invalid network mode: invalid container format container:<name|id>'],
  [{ NetworkMode: 'container:x', PublishAllPorts: true }, '400 conflicting options: port publishing and the container type network mode'],
  [{ NetworkMode: 'container:x', Dns: ['1.1.1.1'] }, '400 conflicting options: dns and the network mode'],
  [{ NetworkMode: 'container:x', ExtraHosts: ['a:1.1.1.1'] }, '400 conflicting options: custom host-to-IP mapping and the network mode'],
  [{ NetworkMode: 'host', Links: ['a:b'] }, `400 conflicting options: host type networking can't be used with links. This would result in undefined behavior`],
  [{ IpcMode: 'bogus' }, '400 invalid IPC mode: bogus'],
  [{ PidMode: 'bogus' }, '400 invalid PID mode: bogus'],
  [{ UTSMode: 'bogus' }, '400 invalid UTS mode: bogus'],
  [{ CgroupnsMode: 'bogus' }, '400 invalid cgroup namespace mode: bogus'],
  [{ Isolation: 'hyperv' }, `400 invalid isolation (hyperv): linux only supports 'default'`],
  [{ OomScoreAdj: 2000 }, '400 Invalid value 2000, range for oom score adj is [-1000, 1000]'],
  [{ ShmSize: -1 }, '400 SHM size can not be less than 0'],
  [{ ExtraHosts: ['bad'] }, '400 bad format for add-host: "bad"'],
  [{ ExtraHosts: ['a:bad'] }, '400 invalid IP address in add-host: "bad"'],
  [{ ExtraHosts: ['a:host-gateway', 'b:[::1]'] }, 'taken'],
  [{ Links: ['a:b:c'] }, '500 bad format for links: a:b:c'],
  [{ Annotations: { '': 'b' } }, '400 invalid Annotations: the empty string is not permitted as an annotation key'],
  [{ CapDrop: 'ALL', ConsoleSize: [1, 2, 3] }, 'taken'],
];

for (const [host, expected] of HOST_CONFIGS) {
  test(`HostConfig ${JSON.stringify(host)} is answered as by dockerd`, () => {
    assert.equal(refusal({ Image: 'busybox', HostConfig: host }), expected);
  });
}

test('a host name and a network of another’s do not go together', () => {
  assert.equal(refusal({ Hostname: 'a', HostConfig: { NetworkMode: 'container:x' } }), '400 conflicting options: hostname and the network mode');
  assert.equal(refusal({ Hostname: 'a', HostConfig: { UTSMode: 'host' } }), '400 conflicting options: hostname and the UTS mode');
  assert.equal(refusal({ Hostname: 'a', HostConfig: { NetworkMode: 'host' } }), 'taken');
});

test('addresses and aliases are for networks that users make', () => {
  const bridge = (endpoint: unknown): string => refusal({ Image: 'x', NetworkingConfig: { EndpointsConfig: { bridge: endpoint } } });
  const begin = '400 invalid config for network bridge:';
  assert.equal(
    bridge({ IPAMConfig: { IPv4Address: '172.17.0.9' } }),
    `${begin} invalid endpoint settings:\nuser specified IP address is supported on user defined networks only`,
  );
  assert.equal(
    bridge({ Aliases: ['x'] }),
    `${begin} invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks`,
  );
  assert.equal(bridge(null), `${begin} EndpointsConfig is nil`);
  assert.equal(bridge({ MacAddress: 'bad' }), `${begin} invalid MAC address bad`);
  assert.equal(bridge({ MacAddress: '02:42:ac:11:00:02' }), 'taken');
});

test('the container-wide address is that of its main network', () => {
  const body = { Image: 'x', MacAddress: '02:42:ac:11:00:02', NetworkingConfig: { EndpointsConfig: { default: { MacAddress: '02:42:ac:11:00:03' } } } };
  assert.equal(
    refusal(body),
    '400 the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty',
  );
  assert.equal(specOf({ Image: 'x', MacAddress: '02:42:ac:11:00:02' }).network.endpoints['bridge']?.macAddress, '02:42:ac:11:00:02');
});

test('field names match without regard to case, and the last one counts', () => {
  const spec = specOf({ Image: 'busybox', image: 'x', hostconfig: { NANOCPUS: 5, memory: 6_291_456 } });
  assert.equal(spec.image, 'x');
  assert.equal(spec.limits.nanoCpus, 5);
  assert.equal(spec.limits.memorySwapBytes, 12_582_912);
});

test('names that every JavaScript object has are fields like others', () => {
  const spec = specOf(JSON.parse('{"Image":"x","Labels":{"__proto__":"a","constructor":"b"},"__proto__":{"User":"root"}}'));
  assert.equal(spec.process.user, '');
  assert.deepEqual(Object.keys(spec.process.labels).sort(), ['__proto__', 'constructor']);
});

test('ports are brought into one form', () => {
  const spec = specOf({
    Image: 'x',
    ExposedPorts: { '80': {}, '81-83/UDP': {}, 'x/tcp': {}, '80/tcp': {} },
    HostConfig: { PortBindings: { '80': [{ HostPort: '1' }], '80/tcp': [{ HostIp: '::1', HostPort: '8000-8010' }], '90/udp': [] } },
  });
  assert.deepEqual(spec.process.exposedPorts, ['80/tcp', '81/udp', '82/udp', '83/udp']);
  assert.deepEqual(spec.network.portBindings, {
    '80/tcp': [{ hostIp: '', hostPort: '1' }, { hostIp: '::1', hostPort: '8000-8010' }],
    '90/udp': [],
  });
});

test('what was left open is left to the engine', () => {
  const spec = specOf({ Image: 'x' });
  assert.equal(spec.network.mode, 'bridge');
  assert.equal(spec.host.ipcMode, 'private');
  assert.equal(spec.host.shmSizeBytes, 64 * 1024 * 1024);
  assert.deepEqual(spec.host.restartPolicy, { name: 'no', maximumRetryCount: 0 });
  assert.equal(spec.process.stopSignal, null);
  assert.equal(spec.process.stopTimeoutSeconds, null);
  assert.equal(spec.limits.memorySwappiness, null);
  assert.equal(spec.host.init, null);
});
