import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineConnection, path } from './engine-connection.ts';
import { DaemonError } from './errors.ts';
import { FakeEngine, sendJson } from './testing.ts';

/** A server that answers every connection with these bytes, in pieces, once it has read a request's head. */
async function rawServer(...pieces: string[]): Promise<AsyncDisposable & { address: string }> {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-raw-'));
  const server = createServer((socket) => {
    socket.once('data', () => {
      const send = (at: number): void => {
        const piece = pieces[at];
        if (piece === undefined) socket.end();
        else socket.write(piece, () => setImmediate(() => send(at + 1)));
      };
      send(0);
    });
    socket.on('error', () => {});
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(join(folder.path, 's'), resolve);
  await promise;
  return {
    address: `unix://${join(folder.path, 's')}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await Promise.resolve(folder.remove());
    },
  };
}

const GET = { method: 'GET', path: '/info' } as const;

test('a call is sent with the API version and its query', async () => {
  await using engine = await FakeEngine.start((_, response) => sendJson(response, 200, { ok: true }));
  const connection = new EngineConnection(engine.address);
  assert.deepEqual(await connection.json({ ...GET, query: { a: true, b: undefined, c: ['x', 'y'], d: 5 } }), { ok: true });
  const [request] = engine.requests;
  assert.equal(request?.version, '1.51');
  assert.equal(request?.query.toString(), 'a=1&c=x&c=y&d=5');
  assert.match(String(request?.headers['user-agent']), /^Onggi-Client\//);
});

test('an older engine is asked again in its own version, also by calls side by side', async () => {
  await using engine = await FakeEngine.start((request, response) => {
    if (request.version === '1.44') sendJson(response, 200, request.path);
    else sendJson(response, 400, { message: `client version ${request.version} is too new. Maximum supported API version is 1.44` });
  });
  const connection = new EngineConnection(engine.address);
  const answers = await Promise.all(['/a', '/b', '/c'].map((target) => connection.json({ method: 'GET', path: target })));
  assert.deepEqual(answers, ['/a', '/b', '/c']);
  assert.equal(connection.apiVersion, '1.44');
});

test('a body that streams is sent after the version is agreed upon', async () => {
  await using engine = await FakeEngine.start((request, response) => sendJson(response, 200, request.body.length));
  async function* body() {
    yield Buffer.from('abc');
    yield Buffer.alloc(0);
    yield Buffer.from('defg');
  }
  assert.equal(await new EngineConnection(engine.address).json({ method: 'POST', path: '/images/load', body: body() }), 7);
  assert.deepEqual(engine.requests.map(({ path: target }) => target), ['/_ping', '/images/load']);
});

test('failures carry the engine\'s words, in JSON or not', async () => {
  await using engine = await FakeEngine.start((request, response) => {
    if (request.path === '/json') sendJson(response, 409, { message: 'in use' });
    else response.writeHead(500, { 'Content-Type': 'text/plain' }).end('plain\n');
  });
  const connection = new EngineConnection(engine.address);
  const failure = async (target: string) => await connection.done({ method: 'POST', path: target }).then(() => assert.fail('it succeeded'), (thrown: unknown) => thrown as DaemonError);
  const json = await failure('/json');
  assert.deepEqual([json.status, json.kind, json.message], [409, 'conflict', 'in use']);
  assert.equal((await failure('/plain')).message, 'plain');
});

test('an engine that is not there, or not for this user, is named by its address', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-none-'));
  const missing = `unix://${join(folder.path, 'none')}`;
  await assert.rejects(new EngineConnection(missing).done(GET), { message: `Cannot connect to the Onggi daemon at ${missing}. Is the onggi daemon running?` });
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  await assert.rejects(new EngineConnection(`unix://${file}`).done(GET), /Cannot connect to the Onggi daemon/);
  const { connectionError } = await import('./errors.ts');
  const refused = connectionError(new EngineConnection(missing).address, Object.assign(new Error('no'), { code: 'EACCES' }));
  assert.equal(refused.message, `permission denied while trying to connect to the Onggi daemon socket at ${missing}`);
});

test('an answer may come in any pieces, chunked, counted or up to the end', async () => {
  for (const answer of [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nTrailer: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}',
    'HTTP/1.0 200 OK\r\n\r\n{"a":1}',
  ]) {
    for (const size of [1, 3, 1000]) {
      await using server = await rawServer(...(answer.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []));
      assert.deepEqual(await new EngineConnection(server.address).json(GET), { a: 1 });
    }
  }
});

test('an answer that breaks off is an error, not a short answer', async () => {
  for (const answer of [
    '', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a":1}', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ]) {
    await using server = await rawServer(answer);
    await assert.rejects(new EngineConnection(server.address).json(GET), /ended before its answer was complete|malformed chunk/);
  }
});

test('a hijacked stream half-closes: the output goes on after the input has ended', async () => {
  await using engine = await FakeEngine.start(() => false, (_, socket) => {
    socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello ');
    let input = '';
    socket.on('data', (data: Buffer) => (input += data.toString()));
    socket.on('end', () => socket.end(`got ${input}`));
  });
  using stream = await new EngineConnection(engine.address).hijack({ method: 'POST', path: '/containers/x/attach' });
  assert.equal(stream.multiplexed, false);
  await stream.write(Buffer.from('abc'));
  stream.closeInput();
  assert.equal(Buffer.concat(await Array.fromAsync(stream.output)).toString(), 'hello got abc');
});

test('a cancelled call ends at once with the reason', async () => {
  await using engine = await FakeEngine.start((_, response) => {
    response.writeHead(200).write('{');
  });
  const cancel = new AbortController();
  const call = new EngineConnection(engine.address).json(GET, cancel.signal);
  setTimeout(() => cancel.abort(new Error('enough')), 50);
  await assert.rejects(call, /enough/);
});

test('names are escaped in paths', () => {
  assert.equal(path('/containers/', 'a/b c', '/json'), '/containers/a%2Fb%20c/json');
});
