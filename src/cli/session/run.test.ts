import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dispatch } from '../dispatch.ts';
import { FakeConsole } from '../testing.ts';
import { FakeRunner, type FakeContainer } from './testing.ts';

interface Outcome {
  readonly exitCode: number;
  readonly console: FakeConsole;
  readonly runner: FakeRunner;
}

/** Runs a command line against a fake container. `during` acts while it runs. */
async function play(argv: readonly string[], container: FakeContainer, options: { terminal?: boolean; input?: string; during?: (console: FakeConsole, runner: FakeRunner) => Promise<void> | void } = {}): Promise<Outcome> {
  await using runner = await FakeRunner.start(container);
  const console = new FakeConsole({ env: { ONGGI_HOST: runner.engine.address, HOME: '/nonexistent' }, ...(options.terminal === true ? { terminal: { rows: 40, columns: 100 } } : {}) });
  if (options.input !== undefined) console.input.end(options.input);
  const running = dispatch(argv, console);
  await options.during?.(console, runner);
  return { exitCode: await running, console, runner };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('run attaches and waits before it starts, takes the outputs apart and returns the exit code', async () => {
  const { exitCode, console, runner } = await play(['run', 'busybox'], { stdout: 'out\n', stderr: 'err\n', exitCode: 7 });
  assert.deepEqual([exitCode, console.output, console.errors], [7, 'out\n', 'WARNING: careful\nerr\n']);
  assert.deepEqual(runner.calls, ['POST /containers/create', 'POST /containers/abc/attach', 'POST /containers/abc/wait', 'POST /containers/abc/start']);
});

test('run -d prints the id and does not attach', async () => {
  const { exitCode, console, runner } = await play(['run', '-d', 'busybox'], {});
  assert.deepEqual([exitCode, console.output], [0, 'abc\n']);
  assert.deepEqual(runner.calls, ['POST /containers/create', 'POST /containers/abc/start']);
  assert.equal((runner.engine.bodies('/containers/create')[0] as { AttachStdout: boolean }).AttachStdout, false);
});

test('run --rm waits for the removal', async () => {
  const { runner } = await play(['run', '--rm', 'busybox'], {});
  assert.equal(runner.engine.requests.find(({ path }) => path.endsWith('/wait'))?.query.get('condition'), 'removed');
});

test('run -i passes piped input on and closes it at its end', async () => {
  const { exitCode, console } = await play(['run', '-i', 'busybox', 'cat'], { echoes: true }, { input: 'one\ntwo\n' });
  assert.deepEqual([exitCode, console.output], [0, 'one\ntwo\n']);
});

for (const [message, code] of [
  ['OCI runtime create failed: exec: "x": executable file not found in $PATH: unknown', 127],
  ['exec: "/bin": permission denied', 126],
  ['exec /etc: is a directory', 126],
  ['something else', 125],
] as const) {
  test(`a start that fails with "${message}" ends with ${code}`, async () => {
    const { exitCode, console } = await play(['run', 'busybox', 'x'], { startError: { status: 400, message } });
    assert.equal(exitCode, code);
    assert.equal(console.errors, `WARNING: careful\nonggi: Error response from daemon: ${message}\n\nRun 'onggi run --help' for more information\n`);
  });
}

test('a create that fails ends with 125 and leaves no id file', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-cid-'));
  const file = join(folder.path, 'cid');
  const { exitCode, console } = await play(['run', '--cidfile', file, 'busybox'], { createError: { status: 409, message: 'in use' } });
  assert.equal(exitCode, 125);
  assert.match(console.errors, /^onggi: Error response from daemon: in use\n/);
  assert.throws(() => readFileSync(file), /ENOENT/);
});

test('--cidfile gets the id, and a second run with it is refused', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-cid-'));
  const file = join(folder.path, 'cid');
  await play(['run', '-d', '--cidfile', file, 'busybox'], {});
  assert.equal(readFileSync(file, 'utf8'), 'abc');
  const again = await play(['run', '-d', '--cidfile', file, 'busybox'], {});
  assert.equal(again.exitCode, 125);
  assert.match(again.console.errors, /container ID file found/);
});

test('on a terminal, run -it is raw while it lasts and gives its size', async () => {
  let wasRaw = false;
  const { exitCode, console, runner } = await play(['run', '-it', 'busybox'], { tty: true, echoes: true, exitCode: 3 }, {
    terminal: true,
    during: async (console, runner) => {
      await until(() => runner.calls.some((call) => call.endsWith('/resize')));
      wasRaw = console.isRaw;
      console.resize(30, 90);
      await until(() => runner.calls.filter((call) => call.endsWith('/resize')).length > 1);
      console.input.end('typed');
    },
  });
  assert.deepEqual([exitCode, wasRaw, console.isRaw, console.output], [3, true, false, 'typed']);
  const sizes = runner.engine.requests.filter(({ path }) => path.endsWith('/resize')).map(({ query }) => query.toString());
  assert.deepEqual(sizes, ['h=40&w=100', 'h=30&w=90']);
  assert.deepEqual((runner.engine.bodies('/containers/create')[0] as { HostConfig: { ConsoleSize: unknown } }).HostConfig.ConsoleSize, [40, 100]);
});

test('the detach keys end run -it with 0 and leave the container alone', async () => {
  const { exitCode, console } = await play(['run', '-it', 'busybox'], { tty: true, waitsForSignal: true }, {
    terminal: true,
    during: async (console, runner) => {
      await until(() => runner.calls.some((call) => call.endsWith('/start')));
      console.input.write(Buffer.from([16, 17]));
    },
  });
  assert.deepEqual([exitCode, console.isRaw], [0, false]);
});

test('a terminal is restored before a failed start is told', async () => {
  const { exitCode, console } = await play(['run', '-it', 'busybox'], { tty: true, echoes: true, startError: { status: 500, message: 'broken' } }, { terminal: true });
  assert.deepEqual([exitCode, console.isRaw], [125, false]);
});

test('-it without a terminal is refused before anything is made', async () => {
  const { exitCode, console, runner } = await play(['run', '-it', 'busybox'], {});
  assert.deepEqual([exitCode, console.errors, runner.calls], [1, 'the input device is not a TTY\n', []]);
});

test('signals go on to the container, unless told otherwise', async () => {
  const { runner } = await play(['run', 'busybox'], { waitsForSignal: true, exitCode: 143 }, {
    during: async (console, runner) => {
      await until(() => runner.calls.some((call) => call.endsWith('/start')));
      assert.ok(console.signal('SIGTERM') > 0);
    },
  });
  assert.equal(runner.engine.requests.find(({ path }) => path.endsWith('/kill'))?.query.get('signal'), 'SIGTERM');
  await play(['run', '--sig-proxy=false', 'busybox'], { waitsForSignal: true }, {
    during: async (console, runner) => {
      await until(() => runner.calls.some((call) => call.endsWith('/start')));
      assert.equal(console.signal('SIGTERM'), 0);
      const { EngineClient } = await import('#client/engine-client.ts');
      await new EngineClient(runner.engine.address).containers.kill('abc', 'SIGKILL');
    },
  });
});

test('exec returns the exit code of its command', async () => {
  const { exitCode, console, runner } = await play(['exec', '-e', 'A=1', '-w', '/tmp', 'abc', 'sh', '-c', 'x'], { stdout: 'o', stderr: 'e', exitCode: 9 });
  assert.deepEqual([exitCode, console.output, console.errors], [9, 'o', 'e']);
  assert.deepEqual(runner.engine.bodies('/containers/abc/exec'), [
    { User: '', Privileged: false, Tty: false, AttachStdin: false, AttachStdout: true, AttachStderr: true, DetachKeys: '', Env: ['A=1'], WorkingDir: '/tmp', Cmd: ['sh', '-c', 'x'] },
  ]);
});

test('attach joins a running container and returns its exit code', async () => {
  const { exitCode, console } = await play(['attach', 'abc'], { echoes: true, exitCode: 4 }, { input: 'hello' });
  assert.deepEqual([exitCode, console.output], [4, 'hello']);
});

test('start -ai starts what it has attached to', async () => {
  const { exitCode, console, runner } = await play(['start', '-ai', 'abc'], { echoes: true, exitCode: 2 }, { input: 'hello' });
  assert.deepEqual([exitCode, console.output], [2, 'hello']);
  assert.deepEqual(runner.calls.slice(1), ['POST /containers/abc/attach', 'POST /containers/abc/wait', 'POST /containers/abc/start']);
});
