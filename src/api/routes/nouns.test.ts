import assert from 'node:assert/strict';
import test from 'node:test';
import { fake, testApi } from '#api/testing.ts';
import { EngineError } from '#base/errors.ts';
import type { Events, EngineEvent } from '#engine/events/events.ts';
import type { ExecDetails, Execs, ExecSpec } from '#engine/containers/execs.ts';
import type { Network, Networks } from '#engine/networks/networks.ts';
import type { InfoFacts, System } from '#engine/system/system.ts';
import type { Volume, Volumes } from '#engine/volumes/volumes.ts';
import type { SystemInfo, VersionInfo } from '#protocol/system.ts';

const BRIDGE: Network = {
  id: '14c5', name: 'bridge', createdAt: new Date('2026-11-22T05:57:07.554Z'), driver: 'bridge', scope: 'local', enableIpv4: true, enableIpv6: false,
  internal: false, attachable: false, ingress: false, subnets: [{ subnet: '172.17.0.0/16', gateway: '172.17.0.1', ipRange: '' }],
  options: { 'com.docker.network.driver.mtu': '1500', 'com.docker.network.bridge.name': 'docker0' }, labels: {},
  containers: { '0659': { name: 'plain', endpointId: '5ea8', macAddress: '62:62:63:14:66:69', ipv4: '172.17.0.2/16', ipv6: '' } },
};

test('networks are dockerd’s, with their members only when looked at alone', async () => {
  const networks = fake<Networks>({
    list: () => [BRIDGE],
    inspect: (ref) => {
      if (ref === 'bridge') return BRIDGE;
      throw new EngineError('not-found', `network ${ref} not found`);
    },
  });
  await using api = await testApi({ networks });
  const head =
    '{"Name":"bridge","Id":"14c5","Created":"2026-11-22T05:57:07.554Z","Scope":"local","Driver":"bridge","EnableIPv4":true,"EnableIPv6":false,' +
    '"IPAM":{"Driver":"default","Options":null,"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]},"Internal":false,"Attachable":false,' +
    '"Ingress":false,"ConfigFrom":{"Network":""},"ConfigOnly":false,"Containers":';
  const tail = ',"Options":{"com.docker.network.bridge.name":"docker0","com.docker.network.driver.mtu":"1500"},"Labels":{}}';
  const member = '{"0659":{"Name":"plain","EndpointID":"5ea8","MacAddress":"62:62:63:14:66:69","IPv4Address":"172.17.0.2/16","IPv6Address":""}}';
  assert.equal((await api.ask('GET', '/networks')).text, `[${head}{}${tail}]\n`);
  assert.equal((await api.ask('GET', '/networks/bridge')).text, `${head}${member}${tail}\n`);
  assert.equal((await api.ask('GET', '/networks/nope')).text, '{"message":"network nope not found"}\n');
});

test('volumes', async () => {
  const volume: Volume = { name: 'vv', driver: 'local', mountpoint: '/m/_data', createdAt: new Date('2026-11-22T06:02:54.9Z'), labels: { a: 'b' }, options: {}, anonymous: false };
  const calls: unknown[] = [];
  const volumes = fake<Volumes>({
    create: (request) => {
      calls.push(request);
      return Promise.resolve({ ...volume, labels: {}, anonymous: request.name === '' });
    },
    list: () => [volume],
    inspect: () => volume,
    remove: () => Promise.resolve(),
    prune: (filters) => {
      calls.push(filters);
      return Promise.resolve({ deleted: ['x'], reclaimedBytes: 1 });
    },
  });
  await using api = await testApi({ volumes });
  const shown = '{"CreatedAt":"2026-11-22T06:02:54Z","Driver":"local","Labels":{"a":"b"},"Mountpoint":"/m/_data","Name":"vv","Options":null,"Scope":"local"}';
  assert.equal((await api.ask('GET', '/volumes')).text, `{"Volumes":[${shown}],"Warnings":null}\n`);
  assert.equal((await api.ask('GET', '/volumes/vv')).text, `${shown}\n`);
  const created = await api.ask('POST', '/volumes/create', { Name: 'vv', DriverOpts: { type: 'tmpfs' } });
  assert.equal(created.status, 201);
  const anonymous = await api.ask('POST', '/volumes/create', undefined, { 'Content-Type': 'application/json' });
  assert.deepEqual(anonymous.json<{ Labels: unknown }>().Labels, { 'com.docker.volume.anonymous': '' });
  assert.equal((await api.ask('DELETE', '/volumes/vv?force=1')).status, 204);
  assert.equal((await api.ask('POST', '/v1.41/volumes/prune')).text, '{"VolumesDeleted":["x"],"SpaceReclaimed":1}\n');
  assert.deepEqual(calls, [
    { name: 'vv', driver: '', options: { type: 'tmpfs' }, labels: {} },
    { name: '', driver: '', options: {}, labels: {} },
    new Map([['all', ['true']]]),
  ]);
  assert.match((await api.ask('POST', '/volumes/create', { Name: 5 })).text, /Go struct field CreateOptions\.Name of type string/);
});

const DIE: EngineEvent = {
  sequence: 1, timeNs: 1_795_327_462_022_416_816n, type: 'container', action: 'die', actorId: 'a145', attributes: { image: 'busybox', exitCode: '137' },
};

test('events come as lines, in the form that the client takes', async () => {
  const queries: unknown[] = [];
  const events = fake<Events>({
    watch: (query) => {
      queries.push(query);
      return (async function* () {
        yield DIE;
        await Promise.resolve();
      })();
    },
  });
  await using api = await testApi({ events });
  const rest =
    '"Type":"container","Action":"die","Actor":{"ID":"a145","Attributes":{"exitCode":"137","image":"busybox"}},"scope":"local",' +
    '"time":1795327462,"timeNano":1795327462022416816}\n';
  const legacy = await api.ask('GET', '/v1.51/events?since=1.5&until=7&filters={"type":{"container":true}}', undefined, { Accept: 'application/json-seq' });
  assert.equal(legacy.headers['content-type'], 'application/json');
  assert.equal(legacy.text, `{"status":"die","id":"a145","from":"busybox",${rest}`);
  const sequence = await api.ask('GET', '/events', undefined, { Accept: 'text/plain, application/json-seq;q=0.9' });
  assert.equal(sequence.headers['content-type'], 'application/json-seq');
  assert.equal(sequence.text, `\u001e{${rest}`);
  assert.equal((await api.ask('GET', '/events', undefined, { Accept: 'application/jsonl' })).text, `{${rest}`);
  assert.deepEqual(queries[0], { sinceNs: 1_500_000_000n, untilNs: 7_000_000_000n, filters: new Map([['type', ['container']]]) });
  assert.deepEqual((await api.ask('GET', '/events?since=10&until=5')).json(), { message: '`since` time (10) cannot be after `until` time (5)' });
});

const SPEC: ExecSpec = {
  args: ['sleep', '5'], env: [], user: '', workingDir: '', privileged: false, tty: false, attachStdin: false, attachStdout: true, attachStderr: false,
  detachKeys: undefined, size: undefined,
};

test('execs are made and shown', async () => {
  const specs: ExecSpec[] = [];
  const details: ExecDetails = { id: 'f2cb', containerId: '0659', spec: SPEC, running: true, exitCode: null, pid: 28_908, canRemove: false };
  const execs = fake<Execs>({
    create: (_ref, spec) => {
      specs.push(spec);
      return Promise.resolve({ id: 'f2cb' });
    },
    inspect: () => Promise.resolve(details),
    resize: () => Promise.resolve(),
  });
  await using api = await testApi({ execs });
  const made = await api.ask('POST', '/containers/x/exec', { Cmd: ['sleep', '5'], AttachStdout: true, ConsoleSize: [24, 80] });
  assert.equal(made.status, 201);
  assert.equal(made.text, '{"Id":"f2cb"}\n');
  assert.deepEqual(specs, [{ ...SPEC, size: { rows: 24, columns: 80 } }]);
  assert.equal(
    (await api.ask('GET', '/exec/f2cb/json')).text,
    '{"ID":"f2cb","Running":true,"ExitCode":null,"ProcessConfig":{"tty":false,"entrypoint":"sleep","arguments":["5"],"privileged":false},' +
      '"OpenStdin":false,"OpenStderr":false,"OpenStdout":true,"CanRemove":false,"ContainerID":"0659","DetachKeys":"","Pid":28908}\n',
  );
  assert.equal((await api.ask('POST', '/exec/f2cb/resize?h=1&w=1')).status, 200);
  assert.deepEqual((await api.ask('POST', '/containers/x/exec')).json(), { message: 'No exec command specified' });
  assert.match((await api.ask('POST', '/containers/x/exec', { Cmd: 'ls' })).text, /cannot unmarshal string into Go struct field ExecOptions\.Cmd of type \[\]string/);
});

const FACTS: InfoFacts = {
  version: '0.1.0', gitCommit: 'abc', buildTime: '2026-09-15T11:02:57Z', nodeVersion: 'v26.10.0', os: 'linux', arch: 'amd64', kernelVersion: '6.18',
  components: [{ name: 'Engine', version: '0.1.0', details: {} }, { name: 'runc', version: '1.1', details: { Path: '/usr/bin/runc' } }],
  id: 'db3c', hostname: 'vm', operatingSystem: 'Debian', osVersion: '12', cpus: 2, memoryBytes: 1, dataRoot: '/var/lib/onggi', labels: [], debug: false,
  containers: { running: 1, paused: 2, stopped: 3 }, images: 4, storageDriver: 'overlay', storageStatus: [['Supports d_type', 'true']],
  loggingDriver: 'json-file', loggingDrivers: ['json-file'], cgroupVersion: '1', cgroupDriver: 'cgroupfs', runtimes: { runc: { path: 'runc' } },
  defaultRuntime: 'runc', initBinary: 'tini', securityOptions: ['name=seccomp,profile=builtin'], fileDescriptors: 9, eventListeners: 0, liveRestore: true,
  insecureRegistries: ['10.0.0.0/8', 'reg:5000'], registryMirrors: [], warnings: [],
};

test('version and info show facts in Docker’s fields', async () => {
  const system = fake<System>({ version: () => Promise.resolve(FACTS), info: () => Promise.resolve(FACTS) });
  await using api = await testApi({ system });
  const version = (await api.ask('GET', '/version')).json<VersionInfo>();
  assert.equal(version.ApiVersion, '1.55');
  assert.equal(version.MinAPIVersion, '1.24');
  assert.equal(version.BuildTime, '2026-09-15T11:02:57.000000000+00:00');
  assert.deepEqual(version.Components.map(({ Name }) => Name), ['Engine', 'runc']);
  const info = (await api.ask('GET', '/info')).json<SystemInfo>();
  assert.equal(info.Containers, 6);
  assert.equal(info.Architecture, 'x86_64');
  assert.equal(info.Swarm.LocalNodeState, 'inactive');
  assert.deepEqual(info.RegistryConfig.InsecureRegistryCIDRs, ['::1/128', '127.0.0.0/8', '10.0.0.0/8']);
  assert.equal(info.RegistryConfig.IndexConfigs['reg:5000']?.Secure, false);
  assert.equal(info.Warnings, null);
  const old = (await api.ask('GET', '/v1.24/info')).json<SystemInfo>();
  assert.deepEqual(old.SecurityOptions, ['seccomp']);
  assert.equal(old.KernelMemory, true);
});

test('a login is handed on and answered', async () => {
  const system = fake<System>({
    authenticate: ({ username, serverAddress }) =>
      username === 'a' ? Promise.resolve({ status: 'Login Succeeded', identityToken: serverAddress }) : Promise.reject(new EngineError('unauthorized', 'no')),
  });
  await using api = await testApi({ system });
  const reply = await api.ask('POST', '/auth', { username: 'a', password: 'b', serveraddress: 'localhost:5000' });
  assert.deepEqual(reply.json(), { Status: 'Login Succeeded', IdentityToken: 'localhost:5000' });
  assert.equal((await api.ask('POST', '/auth', { username: 'x' })).status, 401);
});

test('a bootstrap streams like a pull', async () => {
  const seen: unknown[] = [];
  await using api = await testApi({
    bootstrap: (request, report) => {
      seen.push(request);
      report({ id: '', status: 'Built new image for debian:bookworm' });
      return Promise.resolve({ id: 'sha256:a' });
    },
  });
  const reply = await api.ask('POST', '/v1.55/onggi/bootstrap?image=debian:bookworm&include=nginx-light&include=curl,jq&tag=web');
  assert.equal(reply.text, '{"status":"Built new image for debian:bookworm"}\r\n{"aux":{"ID":"sha256:a"}}\r\n');
  assert.deepEqual(seen, [{ image: 'debian:bookworm', include: ['nginx-light', 'curl', 'jq'], tag: 'web', refresh: false }]);
  assert.equal((await api.ask('POST', '/onggi/bootstrap')).status, 400);
});
