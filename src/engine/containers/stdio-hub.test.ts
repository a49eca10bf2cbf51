import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLog } from '#base/log.ts';
import type { AttachOptions, AttachSession } from './containers.ts';
import { StdioHub } from './stdio-hub.ts';
import { FakeProcess } from './testing.ts';

const both: AttachOptions = { stdin: true, stdout: true, stderr: true, stream: true, logs: false, detachKeys: undefined };

function sessionOf(hub: StdioHub, process: FakeProcess | undefined, options: Partial<AttachOptions> = {}, tty = false): AttachSession & { detached: () => boolean } {
  let detached = false;
  const session = hub.session({
    id: 'web', process,
    settings: { tty, openStdin: true, stdinOnce: true },
    options: { ...both, ...options },
    onDetach: () => void (detached = true),
  });
  return { ...session, detached: () => detached };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('without a stream there is nothing to wait for', async () => {
  const hub = new StdioHub(silentLog);
  const { output } = sessionOf(hub, undefined, { stream: false, logs: true });
  assert.deepEqual(await Array.fromAsync(output), []);
  assert.equal(hub.hasWaiting('web'), false);
});

test('detach keys end the session while the process goes on writing', async () => {
  const hub = new StdioHub(silentLog);
  const process = new FakeProcess();
  const session = sessionOf(hub, process, { detachKeys: 'ctrl-p,ctrl-q' }, true);
  await turn();
  process.output.write(Buffer.from([1, 0, 0, 0, 0, 0, 0, 2, 104, 105]));
  session.input.write(Buffer.from([16, 17]));
  const seen = await Array.fromAsync(session.output as AsyncIterable<Buffer>);
  assert.equal(Buffer.concat(seen).toString(), 'hi');
  assert.equal(session.detached(), true);
  assert.equal(process.output.destroyed, true, 'the subscription is given back');
});

test('a client that leaves before the start is not waited for', async () => {
  const hub = new StdioHub(silentLog);
  const session = sessionOf(hub, undefined);
  assert.equal(hub.hasWaiting('web'), true);
  await session[Symbol.asyncDispose]();
  assert.equal(hub.hasWaiting('web'), false);
  const process = new FakeProcess();
  hub.started('web', process);
  assert.equal(process.output.listenerCount('data'), 0);
});

test('several who waited get the same; when all have left the process is not held up', async () => {
  const hub = new StdioHub(silentLog);
  const [one, two] = [sessionOf(hub, undefined), sessionOf(hub, undefined)];
  const process = new FakeProcess();
  hub.started('web', process);
  process.output.write('same');
  await turn();
  await turn();
  assert.deepEqual([String(one.output.read()), String(two.output.read())], ['same', 'same']);
  await one[Symbol.asyncDispose]();
  await turn();
  assert.equal(process.output.destroyed, false);
  await two[Symbol.asyncDispose]();
  await turn();
  assert.equal(process.output.destroyed, true);
});

test('output that breaks off ends the session without an error', async () => {
  const hub = new StdioHub(silentLog);
  const process = new FakeProcess();
  const { output } = sessionOf(hub, process);
  await turn();
  process.output.destroy(new Error('ECONNRESET'));
  assert.deepEqual(await Array.fromAsync(output), []);
});

test('who only writes is held until the process has ended', async () => {
  const hub = new StdioHub(silentLog);
  const process = new FakeProcess();
  const { input, output } = sessionOf(hub, process, { stdout: false, stderr: false });
  input.end('typed');
  await turn();
  assert.deepEqual([Buffer.concat(process.written).toString(), process.stdinClosed], ['typed', true]);
  process.end(0);
  assert.deepEqual(await Array.fromAsync(output), []);
});
