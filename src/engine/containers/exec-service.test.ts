import assert from 'node:assert/strict';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { exitCodeOfFailure, ExecService } from './exec-service.ts';
import type { ExecSpec } from './execs.ts';
import { Bench, FakeProcess } from './testing.ts';

const calm = new AbortController().signal;
const spec: ExecSpec = {
  args: ['sh', '-c', 'true'], env: [], user: '', workingDir: '', privileged: false, tty: false,
  attachStdin: false, attachStdout: true, attachStderr: true, detachKeys: undefined, size: undefined,
};

/** A running container `web`, and an exec service whose launches are these. */
async function running(...launches: (FakeProcess | Error)[]): Promise<{ bench: Bench; execs: ExecService }> {
  const bench = new Bench();
  const { records, events, hub } = bench;
  const execs = new ExecService({
    records, events, hub,
    log: silentLog,
    expectStart: () => {},
    checkUser: async (_container, user) => {
      if (user === 'nosuch') throw new EngineError('internal', 'unable to find user nosuch: no matching entries in passwd file');
    },
    launch: async () => {
      const next = launches.shift() ?? new FakeProcess();
      if (next instanceof Error) throw next;
      return next;
    },
  });
  bench.add('web');
  await bench.starter.start('web', calm);
  return { bench, execs };
}

const framed = (text: string): Buffer => Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);

test('only a running container takes execs, each other state has its own words', async () => {
  const { bench, execs } = await running();
  using _bench = bench;
  const { id } = bench.records.get('web');
  bench.records.apply(id, { type: 'paused' });
  await assert.rejects(execs.create('web', spec), { kind: 'conflict', message: 'Container web is paused, unpause the container before exec' });
  bench.records.apply(id, { type: 'unpaused' });
  await assert.rejects(execs.create('web', { ...spec, args: [] }), { kind: 'invalid', message: 'No exec command specified' });
  await bench.stopper.kill('web', '');
  await assert.rejects(execs.create('web', spec), { kind: 'conflict', message: `container ${id} is not running` });
});

test('a user that is not there is refused before there is an exec', async () => {
  const { bench, execs } = await running();
  using _bench = bench;
  await assert.rejects(execs.create('web', { ...spec, user: 'nosuch' }), { kind: 'invalid', message: 'unable to find user nosuch: no matching entries in passwd file' });
  assert.deepEqual(bench.told.filter((line) => line.includes('exec')), []);
});

test('an exec runs once, and tells how it ended', async () => {
  const process = new FakeProcess();
  const { bench, execs } = await running(process);
  using _bench = bench;
  const { id } = await execs.create('web', spec);
  assert.deepEqual(execs.idsOf(bench.records.get('web').id), [id]);
  await execs.startDetached(id, calm);
  await assert.rejects(execs.startDetached(id, calm), { kind: 'conflict', message: `exec command ${id} is already running` });
  assert.equal((await execs.inspect(id)).running, true);
  process.end(3);
  await process.exited;
  const { running: runs, exitCode, canRemove } = await execs.inspect(id);
  assert.deepEqual([runs, exitCode, canRemove], [false, 3, true]);
  await assert.rejects(execs.startDetached(id, calm), { kind: 'conflict', message: `exec command ${id} has already run` });
});

test('a failure to start comes as output to a client that is attached, and as an error to one that is not', async () => {
  const failure = new EngineError('invalid', 'OCI runtime exec failed: exec: "nope": executable file not found in $PATH');
  const { bench, execs } = await running(failure, failure);
  using _bench = bench;
  const { id } = await execs.create('web', spec);
  const { output } = await execs.startAttached(id, { stdin: false, size: undefined }, calm);
  const seen = Buffer.concat(await Array.fromAsync(output as AsyncIterable<Buffer>));
  assert.equal(seen.subarray(8).toString(), `${failure.message}\r\n`);
  assert.equal((await execs.inspect(id)).exitCode, 127);
  const other = await execs.create('web', spec);
  await assert.rejects(execs.startDetached(other.id, calm), failure);
});

test('execs that were never started go with their container, and when it is started again', async () => {
  const { bench, execs } = await running();
  using _bench = bench;
  const { id } = await execs.create('web', spec);
  await bench.stopper.kill('web', '');
  await assert.rejects(execs.startDetached(id, calm), { kind: 'conflict' });
  await bench.starter.start('web', calm);
  await assert.rejects(execs.inspect(id), { kind: 'not-found', message: `No such exec instance: ${id}` });
  const other = await execs.create('web', spec);
  await bench.remover.remove('web', { force: true, volumes: false });
  await assert.rejects(execs.inspect(other.id), { kind: 'not-found' });
});

test('a command that is run to its end gives its exit code and the first bytes of what it says', async () => {
  const process = new FakeProcess();
  const { bench, execs } = await running(process);
  using _bench = bench;
  const run = execs.run('web', spec, { bytes: 7 }, calm);
  process.output.write(framed('hello'));
  process.output.write(framed(' world'));
  process.end(2);
  assert.deepEqual(await run, { exitCode: 2, output: 'hello w' });
});

test('a command that takes too long is killed', async () => {
  const process = new FakeProcess();
  const { bench, execs } = await running(process);
  using _bench = bench;
  const late = new AbortController();
  const run = execs.run('web', spec, { bytes: 7 }, late.signal);
  await new Promise((resolve) => setImmediate(resolve));
  late.abort(new Error('Health check exceeded timeout (1s)'));
  await assert.rejects(run, /exceeded timeout/);
  assert.deepEqual(process.signals, [9]);
});

test('exit codes of failures are those of shells', () => {
  assert.deepEqual(
    ['exec: "x": executable file not found in $PATH', 'chdir to cwd ("/x"): no such file or directory', 'exec: "/x": permission denied', 'something else'].map(exitCodeOfFailure),
    [127, 127, 126, 128],
  );
});
