// Lists and facts that other tools always ask for, by dockerode: the shapes of the API's description, truthful while empty.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import Docker from 'dockerode';
import { busybox, dockerOk, removing } from '../support/commands.ts';
import { ask } from '../support/raw-http.ts';

const engine = new Docker({ socketPath: (process.env['DOCKER_HOST'] ?? '').replace('unix://', '') });

before(busybox);

/** A field's type; `?` at the end allows that it is null or absent, as the description does. */
type Shape = Readonly<Record<string, string>>;

function assertShape(value: unknown, shape: Shape, what: string): void {
  assert.ok(typeof value === 'object' && value !== null, what);
  const found = new Map(Object.entries(value));
  for (const [key, type] of Object.entries(shape)) {
    const field = found.get(key);
    if (type.endsWith('?') && (field === undefined || field === null)) continue;
    const wanted = type.replace('?', '');
    const actual = Array.isArray(field) ? 'array' : Number.isInteger(field) ? 'integer' : field === null ? 'null' : typeof field;
    assert.equal(actual, wanted, `${what}.${key} is ${JSON.stringify(field)}`);
  }
}

const SUMMARY: Shape = {
  Id: 'string', Names: 'array', Image: 'string', ImageID: 'string', Command: 'string', Created: 'integer', Ports: 'array',
  Labels: 'object', State: 'string', Status: 'string', HostConfig: 'object', NetworkSettings: 'object', Mounts: 'array', SizeRw: 'integer?', SizeRootFs: 'integer?',
};
const INSPECT: Shape = {
  Id: 'string', Created: 'string', Path: 'string', Args: 'array', State: 'object', Image: 'string', ResolvConfPath: 'string', HostnamePath: 'string',
  HostsPath: 'string', LogPath: 'string', Name: 'string', RestartCount: 'integer', Driver: 'string', Platform: 'string', MountLabel: 'string',
  ProcessLabel: 'string', AppArmorProfile: 'string', ExecIDs: 'array?', HostConfig: 'object', Mounts: 'array', Config: 'object', NetworkSettings: 'object',
};
const STATE: Shape = {
  Status: 'string', Running: 'boolean', Paused: 'boolean', Restarting: 'boolean', OOMKilled: 'boolean', Dead: 'boolean', Pid: 'integer',
  ExitCode: 'integer', Error: 'string', StartedAt: 'string', FinishedAt: 'string', Health: 'object?',
};
const CONFIG: Shape = {
  Hostname: 'string', Domainname: 'string', User: 'string', AttachStdin: 'boolean', AttachStdout: 'boolean', AttachStderr: 'boolean', ExposedPorts: 'object?',
  Tty: 'boolean', OpenStdin: 'boolean', StdinOnce: 'boolean', Env: 'array', Cmd: 'array', Image: 'string', Volumes: 'object?', WorkingDir: 'string',
  Entrypoint: 'array?', Labels: 'object', StopSignal: 'string?',
};
const HOST_CONFIG: Shape = {
  Binds: 'array?', ContainerIDFile: 'string', LogConfig: 'object', NetworkMode: 'string', PortBindings: 'object?', RestartPolicy: 'object', AutoRemove: 'boolean',
  VolumeDriver: 'string', VolumesFrom: 'array?', ConsoleSize: 'array', CapAdd: 'array?', CapDrop: 'array?', CgroupnsMode: 'string', Dns: 'array?', ExtraHosts: 'array?',
  GroupAdd: 'array?', IpcMode: 'string', Cgroup: 'string', Links: 'array?', OomScoreAdj: 'integer', PidMode: 'string', Privileged: 'boolean', PublishAllPorts: 'boolean',
  ReadonlyRootfs: 'boolean', SecurityOpt: 'array?', UTSMode: 'string', UsernsMode: 'string', ShmSize: 'integer', Runtime: 'string', Isolation: 'string', CpuShares: 'integer',
  Memory: 'integer', NanoCpus: 'integer', CgroupParent: 'string', BlkioWeight: 'integer', CpuPeriod: 'integer', CpuQuota: 'integer', CpusetCpus: 'string', Devices: 'array?',
  MemoryReservation: 'integer', MemorySwap: 'integer', MemorySwappiness: 'integer?', OomKillDisable: 'boolean?', PidsLimit: 'integer?', Ulimits: 'array?', MaskedPaths: 'array', ReadonlyPaths: 'array',
};
const IMAGE_SUMMARY: Shape = {
  Id: 'string', ParentId: 'string', RepoTags: 'array', RepoDigests: 'array', Created: 'integer', Size: 'integer', SharedSize: 'integer', Labels: 'object?', Containers: 'integer',
};
const IMAGE: Shape = {
  Id: 'string', RepoTags: 'array?', RepoDigests: 'array?', Created: 'string?', Architecture: 'string', Os: 'string', Size: 'integer', GraphDriver: 'object?', RootFS: 'object', Config: 'object?',
};
const NETWORK: Shape = {
  Name: 'string', Id: 'string', Created: 'string', Scope: 'string', Driver: 'string', EnableIPv6: 'boolean', IPAM: 'object', Internal: 'boolean', Attachable: 'boolean',
  Ingress: 'boolean', ConfigFrom: 'object', ConfigOnly: 'boolean', Options: 'object', Labels: 'object',
};
const VOLUME: Shape = { Name: 'string', Driver: 'string', Mountpoint: 'string', CreatedAt: 'string?', Labels: 'object?', Scope: 'string', Options: 'object?' };
const INFO: Shape = {
  ID: 'string', Containers: 'integer', ContainersRunning: 'integer', ContainersPaused: 'integer', ContainersStopped: 'integer', Images: 'integer', Driver: 'string',
  DriverStatus: 'array', DockerRootDir: 'string', Plugins: 'object', MemoryLimit: 'boolean', SwapLimit: 'boolean', CpuCfsPeriod: 'boolean', CpuCfsQuota: 'boolean',
  CPUShares: 'boolean', CPUSet: 'boolean', PidsLimit: 'boolean', OomKillDisable: 'boolean', IPv4Forwarding: 'boolean', Debug: 'boolean', NFd: 'integer', NGoroutines: 'integer',
  SystemTime: 'string', LoggingDriver: 'string', CgroupDriver: 'string', CgroupVersion: 'string', NEventsListener: 'integer', KernelVersion: 'string', OperatingSystem: 'string',
  OSVersion: 'string', OSType: 'string', Architecture: 'string', NCPU: 'integer', MemTotal: 'integer', IndexServerAddress: 'string', RegistryConfig: 'object', HttpProxy: 'string',
  HttpsProxy: 'string', NoProxy: 'string', Name: 'string', Labels: 'array', ExperimentalBuild: 'boolean', ServerVersion: 'string', Runtimes: 'object', DefaultRuntime: 'string',
  Swarm: 'object', LiveRestoreEnabled: 'boolean', Isolation: 'string', InitBinary: 'string', SecurityOptions: 'array', Warnings: 'array?',
};

test('lists are truthful while there is nothing', async () => {
  assert.deepEqual((await ask('GET', '/containers/json?all=1&filters={"label":["nobody.has.this"]}')).json(), []);
  assert.deepEqual((await ask('GET', '/images/json?filters={"label":["nobody.has.this"]}')).json(), []);
  assert.deepEqual((await ask('GET', '/images/json?filters={"dangling":["true"]}')).json(), []);
  assert.deepEqual((await ask('GET', '/plugins')).json(), []);
  assert.deepEqual((await ask('GET', '/volumes?filters={"label":["nobody.has.this"]}')).json(), { Volumes: [], Warnings: null });
  const df = (await ask('GET', '/v1.51/system/df')).json() as Record<string, unknown>;
  assertShape(df, { LayersSize: 'integer', Images: 'array', Containers: 'array', Volumes: 'array', BuildCache: 'array' }, 'df');
  assert.deepEqual(df['Containers'], []);
  assert.deepEqual(df['BuildCache'], []);
});

test('containers: a row of the list, and inspect, have all that the description requires', async () => {
  await using _gone = removing('shaped', 'unstarted');
  await dockerOk('run', '-d', '--name', 'shaped', '-p', '127.0.0.1::80', '-v', 'shaped-volume:/v', '--label', 'a=b', '--health-cmd', 'true', 'busybox', 'sleep', '100');
  await dockerOk('create', '--name', 'unstarted', 'busybox');
  const rows = await engine.listContainers({ all: true, size: true });
  assert.ok(rows.length >= 2);
  for (const row of rows) assertShape(row, SUMMARY, row.Names[0] ?? '');
  for (const name of ['shaped', 'unstarted']) {
    const shown = await engine.getContainer(name).inspect();
    assertShape(shown, INSPECT, name);
    assertShape(shown.State, STATE, `${name}.State`);
    assertShape(shown.Config, CONFIG, `${name}.Config`);
    assertShape(shown.HostConfig, HOST_CONFIG, `${name}.HostConfig`);
    for (const time of [shown.Created, shown.State.StartedAt, shown.State.FinishedAt]) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    assert.match(shown.Id, /^[0-9a-f]{64}$/);
    assert.match(shown.Image, /^sha256:[0-9a-f]{64}$/);
  }
  const running = rows.find(({ Names }) => Names.includes('/shaped'));
  assertShape(running?.Ports[0], { IP: 'string', PrivatePort: 'integer', PublicPort: 'integer', Type: 'string' }, 'port');
  assertShape(running?.Mounts[0], { Type: 'string', Name: 'string', Source: 'string', Destination: 'string', Driver: 'string', Mode: 'string', RW: 'boolean', Propagation: 'string' }, 'mount');
  assertShape(running?.NetworkSettings.Networks['bridge'], { NetworkID: 'string', EndpointID: 'string', Gateway: 'string', IPAddress: 'string', IPPrefixLen: 'integer', MacAddress: 'string', GlobalIPv6Address: 'string' }, 'endpoint');
  await dockerOk('rm', '-f', 'shaped');
  await dockerOk('volume', 'rm', 'shaped-volume');
});

/** Each filter of the description, a value that finds the container, and one that does not. */
const FILTERS: readonly (readonly [string, string, string])[] = [
  ['ancestor', 'busybox', 'busybox:nope'],
  ['expose', '81/tcp', '82/tcp'],
  ['expose', '80-90', '82-90/udp'],
  ['exited', '0', '3'],
  ['health', 'none', 'healthy'],
  ['is-task', 'false', 'true'],
  ['label', 'finds=me', 'finds=you'],
  ['label', 'finds', 'loses'],
  ['name', 'findme', 'nobody-has-this'],
  ['name', '^/findme$', '^/findm$'],
  ['network', 'bridge', 'host'],
  ['status', 'exited', 'running'],
  ['volume', 'find-volume', 'lose-volume'],
  ['volume', '/found', '/lost'],
];

test('every filter of the list of containers finds and leaves out', async () => {
  await using _gone = removing('findme', 'findme-later');
  await dockerOk('run', '--name', 'findme', '--expose', '81', '--label', 'finds=me', '-v', 'find-volume:/found', 'busybox', 'true');
  await dockerOk('run', '-d', '--name', 'findme-later', '-p', '127.0.0.1:8097:80', 'busybox', 'sleep', '100');
  const id = await dockerOk('inspect', '-f', '{{.Id}}', 'findme');
  const names = async (filters: Record<string, string[]>): Promise<readonly string[]> => (await engine.listContainers({ all: true, filters })).map(({ Names }) => Names[0] ?? '');
  for (const [filter, finds, loses] of [...FILTERS, ['id', id.slice(0, 20), 'f'.repeat(20)] as const]) {
    assert.ok((await names({ [filter]: [finds] })).includes('/findme'), `${filter}=${finds}`);
    assert.ok(!(await names({ [filter]: [loses] })).includes('/findme'), `${filter}=${loses}`);
  }
  assert.deepEqual(await names({ since: ['findme'] }), ['/findme-later']);
  assert.ok((await names({ before: ['findme-later'] })).includes('/findme'));
  assert.deepEqual(await names({ publish: ['8097'] }), ['/findme-later']);
  assert.deepEqual(await names({ publish: ['8000-8100/tcp'] }), ['/findme-later']);
  assert.deepEqual(await names({ publish: ['80'] }), []);
  assert.deepEqual(await names({ name: ['findme'], status: ['running'] }), ['/findme-later']);
  assert.deepEqual(await names({ status: ['running', 'exited'], label: ['finds=me', 'finds'] }), ['/findme']);
  assert.equal((await engine.listContainers({ limit: 1 })).length, 1);
  await dockerOk('rm', '-f', 'findme');
  await dockerOk('volume', 'rm', 'find-volume');
});

test('images: list, inspect and history', async () => {
  for (const row of await engine.listImages({ all: true })) assertShape(row, IMAGE_SUMMARY, row.Id);
  const shown = await engine.getImage('busybox').inspect();
  assertShape(shown, IMAGE, 'busybox');
  assertShape(shown.RootFS, { Type: 'string', Layers: 'array' }, 'RootFS');
  for (const step of (await engine.getImage('busybox').history()) as unknown[]) assertShape(step, { Id: 'string', Created: 'integer', CreatedBy: 'string', Tags: 'array?', Size: 'integer', Comment: 'string' }, 'step');
  assert.equal((await engine.listImages({ filters: { reference: ['busy*'] } })).length, 1);
});

test('networks: the three that are built in', async () => {
  const networks = await engine.listNetworks();
  assert.deepEqual(networks.map(({ Name }) => Name).toSorted(), ['bridge', 'host', 'none']);
  for (const network of networks) assertShape(network, NETWORK, network.Name);
  const bridge = (await engine.getNetwork('bridge').inspect()) as { IPAM: { Config: { Subnet: string; Gateway: string }[] }; Options: Record<string, string>; Containers: object };
  assert.match(bridge.IPAM.Config[0]?.Subnet ?? '', /^\d+\.\d+\.\d+\.\d+\/\d+$/);
  assert.equal(bridge.Options['com.docker.network.bridge.default_bridge'], 'true');
  assertShape(bridge, { ...NETWORK, Containers: 'object' }, 'bridge');
  assert.deepEqual((await engine.listNetworks({ filters: { driver: ['null'] } })).map(({ Name }) => Name), ['none']);
});

test('volumes: create, create again, list, inspect, remove', async () => {
  const made = await ask('POST', '/volumes/create', { Name: 'api-volume', Labels: { a: 'b' } });
  assert.equal(made.status, 201);
  assertShape(made.json(), VOLUME, 'volume');
  assert.equal((await ask('POST', '/volumes/create', { Name: 'api-volume' })).status, 201);
  const { Volumes } = await engine.listVolumes({ filters: { label: ['a=b'] } });
  assert.deepEqual(Volumes.map(({ Name }) => Name), ['api-volume']);
  assert.deepEqual((await engine.listVolumes({ filters: { dangling: ['true'], name: ['api-v'] } })).Volumes.map(({ Name }) => Name), ['api-volume']);
  assertShape(await engine.getVolume('api-volume').inspect(), VOLUME, 'volume');
  assert.equal((await ask('DELETE', '/volumes/api-volume')).status, 204);
  await assert.rejects(engine.getVolume('api-volume').inspect(), { statusCode: 404 });
});

test('/info is whole and true', async () => {
  await using _gone = removing('counted');
  await dockerOk('run', '-d', '--name', 'counted', 'busybox', 'sleep', '100');
  const info = (await engine.info()) as Record<string, unknown>;
  assertShape(info, INFO, 'info');
  const rows = await engine.listContainers({ all: true });
  assert.equal(info['Containers'], rows.length);
  assert.equal(info['ContainersRunning'], rows.filter(({ State }) => State === 'running').length);
  assert.equal(info['Images'], (await engine.listImages({ all: true })).length);
  assert.equal(info['Driver'], 'overlay2');
});

test('/system/df counts what is there, by type too', async () => {
  await using _gone = removing('sized');
  await dockerOk('run', '--name', 'sized', '-v', 'sized-volume:/v', 'busybox', 'sh', '-c', 'dd if=/dev/zero of=/f bs=1k count=100; dd if=/dev/zero of=/v/f bs=1k count=50');
  const df = (await ask('GET', '/v1.51/system/df')).json() as { Containers: { SizeRw?: number }[]; Volumes: { Name: string; UsageData: { Size: number; RefCount: number } }[]; Images: { Id: string }[]; LayersSize: number };
  assert.ok((df.Containers.find(() => true)?.SizeRw ?? 0) >= 102_400);
  assert.deepEqual(df.Volumes.find(({ Name }) => Name === 'sized-volume')?.UsageData.RefCount, 1);
  assert.equal(df.Volumes.find(({ Name }) => Name === 'sized-volume')?.UsageData.Size, 51_200);
  assert.ok(df.LayersSize > 0);
  const only = (await ask('GET', '/v1.51/system/df?type=volume')).json() as Record<string, unknown>;
  assert.ok(Array.isArray(only['Volumes']));
  assert.ok(!only['Images']);
  await dockerOk('rm', 'sized');
  await dockerOk('volume', 'rm', 'sized-volume');
});
