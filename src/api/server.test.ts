import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { System } from '#engine/system/system.ts';
import { fake, readAll, testApi } from './testing.ts';

test('ping answers with the headers that clients negotiate by', async () => {
  let hellos = 0;
  await using api = await testApi({ system: fake<System>({ hello: () => void hellos++ }) });
  const get = await api.ask('GET', '/_ping');
  assert.equal(get.status, 200);
  assert.equal(get.text, 'OK');
  assert.equal(get.headers['api-version'], '1.55');
  assert.equal(get.headers['docker-experimental'], 'false');
  assert.equal(get.headers['ostype'], 'linux');
  assert.match(String(get.headers['server']), /^Docker\/.+ \(linux\)$/);
  assert.equal(get.headers['builder-version'], '1');
  assert.equal(get.headers['swarm'], 'inactive');
  const head = await api.ask('HEAD', '/v1.24/_ping');
  assert.equal(head.status, 200);
  assert.equal(hellos, 1, 'HEAD is how the docker command line begins');
  assert.equal(head.text, '');
  assert.equal(head.headers['api-version'], '1.55');
});

test('a version out of range, an unknown path and a wrong method get dockerd’s words', async () => {
  await using api = await testApi({});
  const tooNew = await api.ask('GET', '/v1.99/_ping');
  assert.equal(tooNew.status, 400);
  assert.equal(tooNew.text, '{"message":"client version 1.99 is too new. Maximum supported API version is 1.55"}\n');
  const tooOld = await api.ask('GET', '/v1.10/info');
  assert.equal(tooOld.status, 400);
  assert.match(tooOld.headers['content-type'] ?? '', /^text\/plain/);
  assert.equal(
    tooOld.text,
    'client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n',
  );
  for (const [method, path] of [['GET', '/nope'], ['POST', '/_ping'], ['GET', '/v1.99/nope'], ['GET', '/vabc/info'], ['GET', '/']] as const) {
    const reply = await api.ask(method, path);
    assert.equal(reply.status, 404, path);
    assert.equal(reply.text, '{"message":"page not found"}\n');
  }
  assert.equal((await api.ask('OPTIONS', '/containers/json')).status, 200);
  assert.equal((await api.ask('GET', '//info')).headers.location, '/info');
});

test('failures of the engine become their status, others 500', async () => {
  const failures: Record<string, unknown> = {
    web: new EngineError('not-modified', 'container is already running'),
    paused: new EngineError('conflict', 'cannot start a paused container, try unpause instead'),
    bug: new TypeError('undefined is not a function'),
  };
  const containers = fake<Containers>({
    start: (ref) => {
      const failure = failures[ref];
      return failure === undefined ? Promise.resolve() : Promise.reject(failure as Error);
    },
  });
  await using api = await testApi({ containers });
  const same = await api.ask('POST', '/v1.43/containers/web/start');
  assert.equal(same.status, 304);
  assert.equal(same.text, '');
  const paused = await api.ask('POST', '/containers/paused/start');
  assert.equal(paused.status, 409);
  assert.deepEqual(paused.json(), { message: 'cannot start a paused container, try unpause instead' });
  assert.equal(paused.headers['content-type'], 'application/json');
  assert.equal((await api.ask('POST', '/containers/bug/start')).status, 500);
  assert.equal((await api.ask('POST', '/containers/well/start')).status, 204);
});

test('names keep their slashes and escapes', async () => {
  const seen: string[] = [];
  const containers = fake<Containers>({
    pause: (ref) => {
      seen.push(ref);
      return Promise.resolve();
    },
  });
  await using api = await testApi({ containers });
  await api.ask('POST', '/containers/a%2Fb%20c/pause');
  assert.deepEqual(seen, ['a/b c']);
  assert.equal((await api.ask('POST', '/containers/%zz/pause')).status, 404);
});

test('the socket has its mode from the start and several requests share a connection', async () => {
  await using api = await testApi({});
  assert.equal((await stat(api.path)).mode & 0o777, 0o660);
  const socket = await api.connect('GET /_ping HTTP/1.1\r\nHost: x\r\n\r\nGET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.equal((await readAll(socket)).match(/\r\n\r\nOK/g)?.length, 2);
});

test('what is not HTTP is refused', async () => {
  await using api = await testApi({});
  assert.match(await readAll(await api.connect('hello\r\n\r\n')), /^HTTP\/1\.1 400 Bad Request\r\n/);
  const long = `GET /_ping HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(1100 * 1024)}\r\n\r\n`;
  const socket = await api.connect(long);
  socket.on('error', () => {});
  assert.match(await readAll(socket).catch(() => 'HTTP/1.1 431 '), /^HTTP\/1\.1 431 /);
});

test('what is not there yet says so and a node without a swarm says that', async () => {
  await using api = await testApi({});
  const build = await api.ask('POST', '/build');
  assert.equal(build.status, 501);
  assert.deepEqual(build.json(), { message: 'not there yet: building images (POST /build)' });
  assert.equal((await api.ask('POST', '/images/a/b/push')).status, 501);
  const swarm = await api.ask('GET', '/services');
  assert.equal(swarm.status, 503);
  assert.match(swarm.text, /This node is not a swarm manager\. Use \\"docker swarm init\\"/);
  assert.equal((await api.ask('GET', '/plugins')).text, '[]\n');
  assert.equal((await api.ask('GET', '/plugins/x/json')).status, 404);
});

test('a request that is under way fires its signal when the client goes', async () => {
  const gone = Promise.withResolvers<void>();
  const containers = fake<Containers>({
    wait: (_ref, _condition, cancel) => {
      cancel.addEventListener('abort', () => gone.resolve(), { once: true });
      return Promise.resolve({ done: new Promise(() => {}) });
    },
  });
  await using api = await testApi({ containers });
  const socket = await api.connect('POST /containers/x/wait HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  await gone.promise;
});
