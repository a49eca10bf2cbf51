// What happens when two things are asked of a container at the same moment, or when one of them fails half-way.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bench, FakeProcess, specOf } from './testing.ts';
import { waitFor } from './waiters.ts';

const calm = new AbortController().signal;
const atOnce = { signal: undefined, timeoutSeconds: 0 };
const forced = { force: true, volumes: false };
const always = specOf({ host: { restartPolicy: { name: 'always', maximumRetryCount: 0 } } });

/** A container in the middle of its start, and how the start goes on. */
function starting(bench: Bench, name: string): { id: string; started: Promise<void>; proceed: (process: FakeProcess) => void } {
  const { id } = bench.add(name);
  const launch = Promise.withResolvers<FakeProcess>();
  bench.launches.push(launch.promise);
  return { id, started: bench.starter.start(name, calm), proceed: launch.resolve };
}

test('a forced removal while it starts waits for the start, and ends it', async () => {
  using bench = new Bench();
  const { id, started, proceed } = starting(bench, 'web');
  const removed = bench.remover.remove('web', forced);
  const process = new FakeProcess();
  proceed(process);
  await Promise.all([started, removed]);
  assert.equal(bench.records.find(id), undefined);
  assert.deepEqual([process.signals, bench.roots.mounted.size, bench.joined.size], [[9], 0, 0]);
});

test('a stop and a kill while it starts end it', async () => {
  for (const end of ['stop', 'kill'] as const) {
    using bench = new Bench();
    const { id, started, proceed } = starting(bench, 'web');
    const ended = end === 'stop' ? bench.stopper.stop('web', atOnce, calm) : bench.stopper.kill('web', 'SIGKILL');
    proceed(new FakeProcess());
    await Promise.all([started, ended]);
    assert.equal(bench.records.get(id).state.status, 'exited');
  }
});

test('of two removals one is told that the other is under way', async () => {
  using bench = new Bench();
  bench.add('web');
  await bench.starter.start('web', calm);
  const both = await Promise.allSettled([bench.remover.remove('web', forced), bench.remover.remove('web', forced)]);
  assert.equal(both[0].status, 'fulfilled');
  assert.ok(both[1].status === 'rejected');
  assert.equal((both[1].reason as Error).message, 'removal of container web is already in progress');
});

test('one that waits for its restart counts as running: start is none, removal needs force, stop and kill end the wait', async () => {
  using bench = new Bench();
  const { id } = bench.add('web', always);
  const crash = async (): Promise<void> => {
    const process = new FakeProcess();
    bench.launches.push(process);
    await bench.starter.start('web', calm);
    process.end(3);
    await bench.until(id, 'restarting');
  };
  await crash();
  await assert.rejects(bench.starter.start('web', calm), { kind: 'not-modified' });
  await assert.rejects(bench.remover.remove('web', { force: false, volumes: false }), {
    message: 'cannot remove container "web": container is restarting: stop the container before removing or force remove',
  });
  await bench.stopper.stop('web', atOnce, calm);
  assert.equal(bench.records.get(id).state.status, 'exited');
  await crash();
  await bench.stopper.kill('web', 'SIGTERM');
  assert.equal(bench.records.get(id).state.status, 'exited');
  await crash();
  await bench.remover.remove('web', forced);
  assert.equal(bench.records.find(id), undefined);
  await new Promise((resolve) => setTimeout(resolve, 150)); // longer than the first wait for a restart
  assert.equal(bench.launched.length, 3);
});

test('a stop while the restart policy starts it ends that start too', async () => {
  using bench = new Bench();
  const { id } = bench.add('web', always);
  const [first, again] = [new FakeProcess(), Promise.withResolvers<FakeProcess>()];
  bench.launches.push(first, again.promise);
  await bench.starter.start('web', calm);
  first.end(1);
  while (bench.launched.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const stopped = bench.stopper.stop('web', atOnce, calm);
  again.resolve(new FakeProcess());
  await stopped;
  assert.equal(bench.records.get(id).state.status, 'exited');
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(bench.launched.length, 2);
});

test('who waits for one that is restarted again and again gets its next end', async () => {
  using bench = new Bench();
  const { id } = bench.add('web', always);
  const process = new FakeProcess();
  bench.launches.push(process);
  await bench.starter.start('web', calm);
  const [down, next] = (['not-running', 'next-exit'] as const).map((condition) => waitFor(bench.records, bench.records.get(id), condition, calm));
  process.end(4);
  assert.deepEqual([(await down)?.exitCode, (await next)?.exitCode], [4, 4]);
});

test('an end is stored although what it held cannot be taken down', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const process = new FakeProcess();
  bench.launches.push(process);
  await bench.starter.start('web', calm);
  bench.roots.unmountFailure = new Error('EBUSY');
  process.end(0);
  await bench.until(id, 'exited');
  assert.equal(bench.joined.size, 0, 'the rest is taken down all the same');
});

test('a start that cannot be stored is ended, and its own failure is what is told', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const process = new FakeProcess();
  bench.launches.push(process);
  const apply = bench.records.apply.bind(bench.records);
  bench.records.apply = (one, event, facts) => {
    if (event.type === 'started') throw new Error('database or disk is full');
    return apply(one, event, facts);
  };
  bench.roots.unmountFailure = new Error('EBUSY');
  await assert.rejects(bench.starter.start('web', calm), { message: 'database or disk is full' });
  assert.deepEqual([process.signals, bench.joined.size, bench.live.find(id)], [[9], 0, undefined]);
});

test('who has attached to a container that is removed does not wait for ever', async () => {
  using bench = new Bench();
  const { id } = bench.add('web');
  const { output } = bench.hub.session({
    id, process: undefined,
    settings: { tty: false, openStdin: false, stdinOnce: false },
    options: { stdin: false, stdout: true, stderr: true, stream: true, logs: false, detachKeys: undefined },
    onDetach: () => {},
  });
  await bench.remover.remove('web', { force: false, volumes: false });
  assert.deepEqual(await Array.fromAsync(output), []);
});
