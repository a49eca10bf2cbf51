import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fakeSession, fake, testApi } from './testing.ts';
import { EngineError } from '#base/errors.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { Execs } from '#engine/containers/execs.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const PATHS = [
  '/_ping', '/info', '/containers/create', '/containers/json', '/containers/x/attach', '/containers/x/wait', '/containers/x/logs', '/containers/x/exec',
  '/containers/x/start', '/containers/x/resize', '/exec/x/start', '/images/create', '/images/load', '/images/a/b/json', '/images/get', '/volumes/create',
  '/volumes/prune', '/events', '/system/df', '/auth', '/build', '/swarm', '/onggi/bootstrap', '/nope', '//', '/%00', '/containers/%ff/json', '/v1.43', '/v9/info',
];
const QUERIES = ['', '?', '?a', '?filters={"a":{}}', '?filters=%7B', '?stdout=1&since=%zz', '?t=1&t=x', '?;', '?h=1&w=99999999999', '?condition=removed', '?stream=1&stdin=1', '?fromImage=x', '?fromSrc=-'];
const HEADERS = [
  '', 'Connection: Upgrade\r\nUpgrade: tcp\r\n', 'Connection: Upgrade\r\nUpgrade: h2c\r\n', 'Content-Type: application/json\r\n', 'Expect: 100-continue\r\n',
  'Content-Length: 4\r\n', 'Content-Length: 4000\r\n', 'Transfer-Encoding: chunked\r\n', 'X-Registry-Auth: !!\r\n', 'Accept: application/json-seq\r\n',
];
const BODIES = ['', '{}', '[1]', 'null', '{"Image":"x","Cmd":[1]}', '{"Cmd":["a"],"ConsoleSize":[-1]}', '4\r\n{"a"\r\n0\r\n\r\n', '\0\x01', '{"HostConfig":{"Binds":[":"]}}'];

const request = fc
  .tuple(fc.constantFrom(...METHODS), fc.constantFrom('', '/v1.24', '/v1.51'), fc.constantFrom(...PATHS), fc.constantFrom(...QUERIES),
    fc.uniqueArray(fc.constantFrom(...HEADERS), { maxLength: 3 }), fc.constantFrom(...BODIES))
  .map(([method, version, path, query, headers, body]) => `${method} ${version}${path}${query} HTTP/1.1\r\nHost: x\r\n${headers.join('')}\r\n${body}`);

test('whatever a client sends, the server answers the next one', { timeout: 60_000 }, async () => {
  const refuse = (): never => {
    throw new EngineError('conflict', 'no');
  };
  const containers = fake<Containers>({
    attach: () => {
      const { session, output } = fakeSession();
      output.end('bye');
      return Promise.resolve(session);
    },
    wait: refuse,
    create: refuse,
  });
  await using api = await testApi({ containers, execs: fake<Execs>({}) });
  await fc.assert(
    fc.asyncProperty(request, async (text) => {
      const socket = await api.connect(Buffer.from(text, 'latin1'));
      socket.on('error', () => {});
      const answered = new Promise<void>((resolve) => {
        socket.once('data', () => resolve());
        socket.once('close', () => resolve());
        setTimeout(resolve, 30);
      });
      await answered;
      socket.destroy();
      assert.equal((await api.ask('GET', '/_ping')).text, 'OK');
    }),
    { numRuns: 400 },
  );
});
