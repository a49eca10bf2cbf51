import assert from 'node:assert/strict';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import { containerDetails, fake, testApi } from '#api/testing.ts';
import type { Containers, CreateRequest, ListQuery, StopOptions } from '#engine/containers/containers.ts';
import type { ContainerInspect, ContainerSummary } from '#protocol/containers.ts';

test('create hands on what was asked for and answers id and warnings', async () => {
  const asked: CreateRequest[] = [];
  const containers = fake<Containers>({
    create: (request) => {
      asked.push(request);
      return Promise.resolve({ id: 'abc', warnings: ['mind the gap'] });
    },
  });
  await using api = await testApi({ containers });
  const body = { Image: 'busybox', Cmd: ['true'], HostConfig: { NetworkMode: 'host', PortBindings: { '80/tcp': [{ HostPort: '1' }] } } };
  const reply = await api.ask('POST', '/v1.43/containers/create?name=web&platform=linux/amd64', body);
  assert.equal(reply.status, 201);
  assert.equal(reply.text, '{"Id":"abc","Warnings":["mind the gap","Published ports are discarded when using host network mode"]}\n');
  assert.equal(asked[0]?.name, 'web');
  assert.equal(asked[0]?.platform, 'linux/amd64');
  assert.deepEqual(asked[0]?.spec.process.cmd, ['true']);
  assert.deepEqual(asked[0]?.unset, { stopSignal: true });
});

test('a body that is not JSON is refused in dockerd’s words', async () => {
  await using api = await testApi({});
  const post = async (body: string | undefined, type?: string): Promise<unknown> => {
    const headers = type === undefined ? {} : { 'Content-Type': type };
    const reply = await api.ask('POST', '/containers/create', body, headers as Record<string, string>);
    assert.equal(reply.status, 400);
    return reply.json<{ message: string }>().message;
  };
  assert.equal(await post('{'), 'invalid JSON: unexpected EOF');
  assert.equal(await post('{"Image":"x"} {}'), 'unexpected content after JSON');
  assert.equal(await post(undefined, 'application/json'), 'invalid JSON: got EOF while reading request body');
  assert.equal(await post('{}', 'text/plain'), `unsupported Content-Type header (text/plain): must be 'application/json'`);
  assert.equal(await post('{}', ''), 'malformed Content-Type header (): mime: no media type');
  assert.equal(await post(`{"Image":"${'x'.repeat(9 * 1024 * 1024)}"}`), 'request body is larger than 8388608 bytes');
});

test('inspect and list take their query and shape by version', async () => {
  const queries: unknown[] = [];
  const details = containerDetails({ HostConfig: { Annotations: { a: 'b' } } }, { sizes: { writableBytes: 5, rootfsBytes: 7 } });
  const containers = fake<Containers>({
    inspect: (ref, options) => {
      queries.push([ref, options]);
      return Promise.resolve(details);
    },
    list: (query) => {
      queries.push(query);
      return Promise.resolve([details]);
    },
  });
  await using api = await testApi({ containers });
  const shown = (await api.ask('GET', '/v1.51/containers/web/json?size=1')).json<ContainerInspect>();
  assert.equal(shown.SizeRw, 5);
  assert.equal(shown.NetworkSettings.Bridge, '');
  assert.equal((await api.ask('GET', '/containers/web/json')).json<ContainerInspect>().NetworkSettings.Bridge, undefined);
  const old = (await api.ask('GET', '/v1.45/containers/json?all=true&limit=3&filters={"name":["web"]}')).json<ContainerSummary[]>();
  assert.equal(old[0]?.HostConfig.Annotations, undefined);
  assert.equal(old[0]?.SizeRootFs, 7);
  const fresh = (await api.ask('GET', '/containers/json')).json<ContainerSummary[]>();
  assert.deepEqual(fresh[0]?.HostConfig.Annotations, { a: 'b' });
  assert.deepEqual(queries, [
    ['web', { size: true }],
    ['web', { size: false }],
    { all: true, limit: 3, size: false, filters: new Map([['name', ['web']]]) } satisfies ListQuery,
    { all: false, limit: 0, size: false, filters: new Map() } satisfies ListQuery,
  ]);
});

test('numbers and filters that cannot be read are refused', async () => {
  await using api = await testApi({});
  const limit = await api.ask('GET', '/containers/json?limit=x');
  assert.equal(limit.status, 500);
  assert.deepEqual(limit.json(), { message: 'strconv.Atoi: parsing "x": invalid syntax' });
  const filters = await api.ask('GET', '/containers/json?filters=bad');
  assert.equal(filters.status, 400);
  assert.deepEqual(filters.json(), { message: 'invalid filter' });
  assert.deepEqual((await api.ask('GET', '/containers/json?a;b')).json(), { message: 'invalid semicolon separator in query' });
  assert.deepEqual((await api.ask('POST', '/containers/x/resize?h=x&w=5')).json(), { message: 'invalid resize height "x": invalid syntax' });
  assert.deepEqual((await api.ask('POST', '/containers/x/resize?h=5&w=4294967296')).json(), {
    message: 'invalid resize width "4294967296": value out of range',
  });
});

test('stop and restart take a signal since 1.42 and a time always', async () => {
  const seen: StopOptions[] = [];
  const record = (_ref: string, options: StopOptions): Promise<void> => {
    seen.push(options);
    return Promise.resolve();
  };
  await using api = await testApi({ containers: fake<Containers>({ stop: record, restart: record }) });
  assert.equal((await api.ask('POST', '/v1.42/containers/x/stop?t=-1&signal=INT')).status, 204);
  assert.equal((await api.ask('POST', '/v1.41/containers/x/restart?t=3&signal=INT')).status, 204);
  assert.equal((await api.ask('POST', '/containers/x/stop')).status, 204);
  assert.deepEqual(seen, [
    { signal: 'INT', timeoutSeconds: -1 },
    { signal: undefined, timeoutSeconds: 3 },
    { signal: undefined, timeoutSeconds: undefined },
  ]);
});

test('the other verbs hand on their query', async () => {
  const calls: unknown[][] = [];
  const record = <T>(answer: T) => (...args: readonly unknown[]): Promise<T> => {
    calls.push([...args]);
    return Promise.resolve(answer);
  };
  const containers = fake<Containers>({
    kill: record(undefined),
    rename: record(undefined),
    resize: record(undefined),
    remove: record(undefined),
    unpause: () => Promise.reject(new EngineError('internal', 'Container x is not paused')),
    top: record({ titles: ['PID'], processes: [['1']] }),
    prune: record({ deleted: [], reclaimedBytes: 0 }),
  });
  await using api = await testApi({ containers });
  await api.ask('POST', '/containers/x/kill?signal=9');
  await api.ask('POST', '/containers/x/rename?name=/y');
  assert.equal((await api.ask('POST', '/containers/x/resize?h=24&w=80')).status, 200);
  assert.equal((await api.ask('DELETE', '/containers/x?v=1&force=true')).status, 204);
  assert.equal((await api.ask('POST', '/containers/x/unpause')).status, 500);
  assert.equal((await api.ask('GET', '/containers/x/top')).text, '{"Processes":[["1"]],"Titles":["PID"]}\n');
  assert.equal((await api.ask('POST', '/containers/prune?filters={"label":["a"]}')).text, '{"ContainersDeleted":null,"SpaceReclaimed":0}\n');
  assert.deepEqual(calls, [
    ['x', '9'],
    ['x', '/y'],
    ['x', { rows: 24, columns: 80 }],
    ['x', { force: true, volumes: true, link: false }],
    ['x', '-ef'],
    [new Map([['label', ['a']]])],
  ]);
});

test('a start with a body of its own is refused', async () => {
  await using api = await testApi({ containers: fake<Containers>({ start: () => Promise.resolve() }) });
  assert.equal((await api.ask('POST', '/containers/x/start', { x: 1 })).status, 204);
  const reply = await api.ask('POST', '/containers/x/start', { Binds: [] });
  assert.equal(reply.status, 400);
  assert.match(reply.text, /starting container with non-empty request body was deprecated since API v1\.22 and removed in v1\.24/);
});
