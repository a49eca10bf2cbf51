import assert from 'node:assert/strict';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import { Bench, FakeProcess, specOf } from './testing.ts';
import { waitFor } from './waiters.ts';

const calm = new AbortController().signal;
const atOnce = { signal: undefined, timeoutSeconds: 0 };

test('a start holds root and network while the process runs, its end gives them back', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const process = new FakeProcess();
  bench.launches.push(process);
  await bench.starter.start('web', calm);
  assert.equal(bench.records.get('web').state.status, 'running');
  assert.deepEqual([[...bench.roots.mounted], [...bench.joined]], [[id], [id]]);

  process.end(3);
  await bench.until(id, 'exited');
  assert.deepEqual([bench.roots.mounted.size, bench.joined.size], [0, 0]);
  const { state } = bench.records.get('web');
  assert.equal(state.status === 'exited' && state.exitCode, 3);
  assert.deepEqual(bench.told, ['web start', 'web die']);
});

test('a start that fails leaves nothing held, and says why and with which code', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  bench.launches.push(new EngineError('invalid', 'exec: "nope": executable file not found in $PATH: unknown'));
  await assert.rejects(bench.starter.start('web', calm), /executable file not found/);
  assert.deepEqual([bench.roots.mounted.size, bench.joined.size], [0, 0]);
  const { state } = bench.records.get(id);
  assert.ok(state.status === 'created' && state.exit?.exitCode === 127);
  assert.match(state.exit.error, /not found/);
});

test('a failed start of --rm takes the container away', async () => {
  using bench = new Bench();
  const { id } = bench.add('web', specOf({ host: { autoRemove: true } }));
  bench.launches.push(new Error('no'));
  await assert.rejects(bench.starter.start('web', calm));
  assert.equal(bench.records.find(id), undefined);
  assert.deepEqual(bench.roots.removed, [id]);
});

test('starting twice, also at the same time, starts once', async () => {
  using bench = new Bench();
  bench.add('web');
  const both = await Promise.allSettled([bench.starter.start('web', calm), bench.starter.start('web', calm)]);
  assert.deepEqual(both.map(({ status }) => status), ['fulfilled', 'rejected']);
  await assert.rejects(bench.starter.start('web', calm), { kind: 'not-modified' });
  assert.equal(bench.launched.length, 1);
});

test('stop sends the stop signal, after the grace time SIGKILL, and tells it in Docker\'s order', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const stubborn = new FakeProcess([15]);
  bench.launches.push(stubborn);
  await bench.starter.start('web', calm);
  await bench.stopper.stop('web', atOnce, calm);
  assert.deepEqual(stubborn.signals, [15, 9]);
  assert.equal(bench.records.get(id).state.status, 'exited');
  assert.deepEqual(bench.told.slice(1), ['web kill', 'web kill', 'web stop', 'web die']);
  await assert.rejects(bench.stopper.stop('web', atOnce, calm), { kind: 'not-modified' });
});

test('restart policy always brings it back, a stop by hand ends that', async () => {
  using bench = new Bench();
  const { id } = bench.add('web', specOf({ host: { restartPolicy: { name: 'always', maximumRetryCount: 0 } } }));
  const first = new FakeProcess();
  const second = new FakeProcess();
  bench.launches.push(first, second);
  await bench.starter.start('web', calm);
  first.end(0);
  await bench.until(id, 'restarting');
  await bench.until(id, 'running');
  assert.equal(bench.records.get(id).runtime.restartCount, 1);
  await bench.stopper.stop('web', atOnce, calm);
  assert.equal(bench.records.get(id).state.status, 'exited');
});

test('on-failure gives up after so many tries', async () => {
  using bench = new Bench();
  const { id } = bench.add('job', specOf({ host: { restartPolicy: { name: 'on-failure', maximumRetryCount: 1 } } }));
  const [first, second] = [new FakeProcess(), new FakeProcess()];
  bench.launches.push(first, second);
  await bench.starter.start('job', calm);
  first.end(1);
  await bench.until(id, 'restarting');
  await bench.until(id, 'running');
  second.end(2);
  await bench.until(id, 'exited');
  assert.equal(bench.launched.length, 2);
});

test('a container that lost its shim is dead at once, and what is left of it is ended', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const process = new FakeProcess();
  bench.launches.push(process);
  await bench.starter.start('web', calm);
  process.vanish();
  await bench.until(id, 'exited');
  const { state } = bench.records.get(id);
  assert.equal(state.status === 'exited' && state.exitCode, 137);
  assert.deepEqual(bench.reaped, [id]);
});

test('--rm removes after the end, and who waits for the removal gets the exit code', async () => {
  using bench = new Bench();
  const container = bench.add('job', specOf({ host: { autoRemove: true } }));
  const process = new FakeProcess();
  bench.launches.push(process);
  const removed = waitFor(bench.records, container, 'removed', calm);
  await bench.starter.start('job', calm);
  process.end(7);
  assert.equal((await removed).exitCode, 7);
  assert.equal(bench.records.find(container.id), undefined);
});

test('waiting: at once for one that does not run, until the next end for one that does', async () => {
  using bench = new Bench();
  const container = bench.add('job');
  assert.equal((await waitFor(bench.records, container, 'not-running', calm)).exitCode, 0);
  const next = waitFor(bench.records, container, 'next-exit', calm);
  const process = new FakeProcess();
  bench.launches.push(process);
  await bench.starter.start('job', calm);
  process.end(5);
  assert.equal((await next).exitCode, 5);
  const given = new AbortController();
  const never = waitFor(bench.records, bench.records.get('job'), 'removed', given.signal);
  given.abort(new Error('client gone'));
  await assert.rejects(never, /client gone/);
});

test('remove refuses a running one unless forced', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const process = new FakeProcess();
  bench.launches.push(process);
  await bench.starter.start('web', calm);
  await assert.rejects(bench.remover.remove('web', { force: false, volumes: false }), {
    kind: 'conflict',
    message: 'cannot remove container "web": container is running: stop the container before removing or force remove',
  });
  await bench.remover.remove('web', { force: true, volumes: false });
  assert.equal(bench.records.find(id), undefined);
  assert.deepEqual(process.signals, [9]);
});

test('names and ids: whole, by prefix, taken, ambiguous', () => {
  using bench = new Bench();
  const web = bench.add('web');
  assert.equal(bench.records.get('/web').id, web.id);
  assert.equal(bench.records.get(web.id.slice(0, 12)).id, web.id);
  assert.throws(() => bench.records.get('nope'), { kind: 'not-found', message: 'No such container: nope' });
  const holder = web.id;
  assert.throws(() => bench.records.insert({ ...web, id: 'a'.repeat(64) }), new RegExp(`The container name "/web" is already in use by container "${holder}"`));
  bench.records.insert({ ...web, id: `${web.id.slice(0, 60)}0000`, name: 'twin' });
  assert.throws(() => bench.records.get(web.id.slice(0, 12)), { kind: 'invalid', message: `multiple IDs found with provided prefix: ${web.id.slice(0, 12)}` });
});

test('who attaches before the start gets the first byte', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const session = bench.hub.session({
    id, process: undefined,
    settings: { tty: false, openStdin: true, stdinOnce: true },
    options: { stdin: true, stdout: true, stderr: true, stream: true, logs: false, detachKeys: undefined },
    onDetach: () => {},
  });
  session.input.write('early');
  const process = new FakeProcess();
  process.output.write('first');
  bench.launches.push(process);
  await bench.starter.start('web', calm);
  assert.equal(bench.launched[0]?.attached, true);
  session.input.end();
  process.end(0);
  const seen = Buffer.concat(await Array.fromAsync(session.output as AsyncIterable<Buffer>));
  assert.equal(seen.toString(), 'first');
  assert.equal(Buffer.concat(process.written).toString(), 'early');
  assert.equal(process.stdinClosed, true);
});
