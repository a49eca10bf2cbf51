import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import type { AttachOptions, Containers } from '#engine/containers/containers.ts';
import type { ExecDetails, Execs, ExecSpec } from '#engine/containers/execs.ts';
import { frame } from '#protocol/stdcopy.ts';
import { fake, fakeSession, readAll, testApi, type FakeSession } from './testing.ts';

const UPGRADE = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n';

function attachable(fakes: FakeSession, seen: AttachOptions[] = []): Containers {
  return fake<Containers>({
    attach: (_ref, options) => {
      seen.push(options);
      return Promise.resolve(fakes.session);
    },
  });
}

test('attach upgrades and carries bytes both ways, with those that came early', async () => {
  const process = fakeSession();
  const seen: AttachOptions[] = [];
  await using api = await testApi({ containers: attachable(process, seen) });
  const socket = await api.connect(
    `POST /v1.43/containers/web/attach?stream=1&stdin=1&stdout=1&stderr=1&detachKeys=ctrl-a HTTP/1.1\r\n${UPGRADE}\r\nearly `,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.equal(
    head.toString(),
    'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
  );
  assert.deepEqual(seen, [{ stdin: true, stdout: true, stderr: true, stream: true, logs: false, detachKeys: 'ctrl-a' }]);
  socket.end('late');
  const read = Buffer.concat(await Array.fromAsync(process.input as AsyncIterable<Buffer>)).toString();
  assert.equal(read, 'early late', 'the half-close ends the stdin and nothing else');
  process.output.end(frame('stdout', Buffer.from('done')));
  assert.equal(await readAll(socket), '\x01\0\0\0\0\0\0\x04done');
  await process.disposed;
});

test('attach without an upgrade answers 200 and still carries both ways', async () => {
  const process = fakeSession();
  await using api = await testApi({ containers: attachable(process) });
  const socket = await api.connect('POST /containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.equal(head.toString(), 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n');
  socket.end('GET / HTTP/1.1\r\n\r\n');
  const read = Buffer.concat(await Array.fromAsync(process.input as AsyncIterable<Buffer>)).toString();
  assert.equal(read, 'GET / HTTP/1.1\r\n\r\n');
  process.output.end('bye');
  assert.equal(await readAll(socket), 'bye');
});

test('the content type tells a terminal from frames, and says raw before 1.42', async () => {
  for (const [version, tty, expected] of [
    ['v1.51', true, 'application/vnd.docker.raw-stream'],
    ['v1.51', false, 'application/vnd.docker.multiplexed-stream'],
    ['v1.41', false, 'application/vnd.docker.raw-stream'],
  ] as const) {
    const process = fakeSession(tty);
    process.output.end();
    await using api = await testApi({ containers: attachable(process) });
    const socket = await api.connect(`POST /${version}/containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
    assert.match(await readAll(socket), new RegExp(`Content-Type: ${expected}\r\n`));
  }
});

test('failures of attach are plain text, with and without an upgrade', async () => {
  const containers = fake<Containers>({ attach: () => Promise.reject(new EngineError('not-found', 'No such container: nope')) });
  await using api = await testApi({ containers });
  const expected = 'HTTP/1.1 404 Not Found\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nNo such container: nope\r\n';
  const line = 'POST /containers/nope/attach?stream=1 HTTP/1.1\r\n';
  assert.equal(await readAll(await api.connect(`${line}${UPGRADE}\r\n`)), expected);
  assert.equal(await readAll(await api.connect(`${line}Host: x\r\n\r\n`)), expected);
});

test('a client that goes away ends the session', async () => {
  const process = fakeSession();
  await using api = await testApi({ containers: attachable(process) });
  const socket = await api.connect(`POST /containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
  await once(socket, 'data');
  socket.destroy();
  const writing = setInterval(() => process.output.write('x'), 5);
  await process.disposed;
  clearInterval(writing);
});

test('a process that ends before its input was read leaves the output whole', async () => {
  const process = fakeSession();
  await using api = await testApi({ containers: attachable(process) });
  const socket = await api.connect(`POST /containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
  await once(socket, 'data');
  const block = Buffer.alloc(64 * 1024, 'a');
  for (let count = 0; count < 40; count += 1) socket.write(block);
  process.input.destroy();
  process.output.end('the last words');
  assert.equal(await readAll(socket), 'the last words');
  socket.destroy();
  await process.disposed;
});

test('a slow reader holds the process back and gets every byte', async () => {
  const process = fakeSession(true);
  await using api = await testApi({ containers: attachable(process) });
  const socket = await api.connect(`POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
  await once(socket, 'data');
  socket.pause();
  const block = Buffer.alloc(64 * 1024, 'b');
  let blocks = 0;
  for (let taken = true; taken && blocks < 1000; ) {
    blocks += 1;
    if (process.output.write(block)) continue;
    const late = AbortSignal.timeout(200);
    taken = await once(process.output, 'drain', { signal: late }).then(() => true, () => false);
  }
  assert.ok(blocks > 1 && blocks < 200, `${blocks} blocks were taken of a process that nobody reads`);
  process.output.end();
  assert.equal((await readAll(socket)).length, blocks * block.length);
});

const EXEC: ExecSpec = {
  args: ['ls', '-l'], env: [], user: '', workingDir: '', privileged: false, tty: false, attachStdin: true, attachStdout: true,
  attachStderr: true, detachKeys: undefined, size: undefined,
};
const DETAILS: ExecDetails = { id: 'e1', containerId: 'c1', spec: EXEC, running: false, exitCode: null, pid: 0, canRemove: false };

test('exec start reads its body before the stream, however it is cut', async () => {
  const process = fakeSession();
  const sizes: unknown[] = [];
  const execs = fake<Execs>({
    inspect: () => Promise.resolve(DETAILS),
    startAttached: (_id, options) => {
      sizes.push(options);
      return Promise.resolve(process.session);
    },
  });
  await using api = await testApi({ execs });
  const body = '{"Detach":false,"Tty":true,"ConsoleSize":[24,80]}';
  const head = `POST /v1.43/exec/e1/start HTTP/1.1\r\n${UPGRADE}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const socket = await api.connect(head + body.slice(0, 10));
  await new Promise((resolve) => setTimeout(resolve, 30));
  socket.end(`${body.slice(10)}input`);
  const read = Buffer.concat(await Array.fromAsync(process.input as AsyncIterable<Buffer>)).toString();
  assert.equal(read, 'input');
  process.output.end('output');
  const reply = await readAll(socket);
  assert.match(reply, /^HTTP\/1\.1 101 UPGRADED\r\n/);
  assert.match(reply, /\r\n\r\noutput$/);
  assert.deepEqual(sizes, [{ stdin: true, size: { rows: 24, columns: 80 } }]);
});

test('exec start detached answers 200, and its failures are JSON also with an upgrade', async () => {
  const execs = fake<Execs>({
    inspect: (id) => (id === 'e1' ? Promise.resolve(DETAILS) : Promise.reject(new EngineError('not-found', `No such exec instance: ${id}`))),
    startDetached: () => Promise.resolve(),
  });
  await using api = await testApi({ execs });
  const started = await api.ask('POST', '/exec/e1/start', { Detach: true });
  assert.equal(started.status, 200);
  assert.equal(started.text, '');
  const refused = await readAll(await api.connect(`POST /exec/nope/start HTTP/1.1\r\n${UPGRADE}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`));
  assert.match(refused, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.match(refused, /\{"message":"No such exec instance: nope"\}\n$/);
});

test('an upgrade to something that we do not speak is an ordinary request', async () => {
  await using api = await testApi({});
  const reply = await readAll(
    await api.connect('POST /session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n'),
  );
  assert.match(reply, /^HTTP\/1\.1 501 /);
});

test('closing the server ends hijacked connections', async () => {
  const process = fakeSession();
  const api = await testApi({ containers: attachable(process) });
  const socket = await api.connect(`POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
  await once(socket, 'data');
  const ended = once(socket, 'close');
  socket.resume();
  socket.on('end', () => socket.end());
  await api[Symbol.asyncDispose]();
  await ended;
  await process.disposed;
});
