import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeFile } from 'node:fs/promises';
import { RuntimeFailure } from './runtime-failure.ts';
import { renderStartFailure } from './start-failure.ts';
import { ShimBench } from './testing.ts';

const RUN = 'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';
const EXEC = 'OCI runtime exec failed: exec failed: unable to start container process: ';
const HINT = ': Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type';

const CASES: readonly (readonly [string, string, number])[] = [
  ['nope', 'exec: "nope": executable file not found in $PATH', 127],
  ['', 'exec: "": executable file not found in $PATH', 127],
  ['/nope', 'exec: "/nope": stat /nope: no such file or directory', 127],
  ['./nope', 'exec: "./nope": stat ./nope: no such file or directory', 127],
  ['/etc/passwd', 'exec: "/etc/passwd": permission denied', 126],
  ['/etc/passwd/x', `exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory${HINT}`, 127],
];

for (const runtime of ['crun', 'runc']) {
  let bench: ShimBench;
  before(async () => {
    bench = await ShimBench.make(runtime);
    await writeFile(bench.path('rootfs/etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  });
  after(() => bench[Symbol.asyncDispose]());

  for (const [program, words, exitCode] of CASES) {
    test(`${runtime}: running ${JSON.stringify(program)} fails in Docker's words`, async () => {
      const raw = await failureOf(bench.start([program]));
      const { message, exitCode: code } = renderStartFailure(raw, { verb: 'run', program });
      assert.deepEqual([message, code], [RUN + words, exitCode]);
    });
  }

  test(`${runtime}: what cannot be executed fails in Docker's words`, async () => {
    const launch = await bench.prepare(['sleep', '100']);
    await bench.launch(launch);
    const processFile = bench.path('p.json');
    for (const [program, words, exitCode] of CASES) {
      await writeFile(processFile, JSON.stringify({ terminal: false, user: { uid: 0, gid: 0 }, args: [program], env: ['PATH=/bin'], cwd: '/' }));
      const exec = { ...launch, id: 'e', directory: bench.path('e'), exitFile: null, log: null, kind: { type: 'exec', containerId: launch.id, processFile } } as const;
      const { message, exitCode: code } = renderStartFailure(await failureOf(bench.launch(exec)), { verb: 'exec', program });
      assert.deepEqual([message, code], [EXEC + words, exitCode]);
    }
  });
}

test('a folder cannot be executed', () => {
  const raw = '{"msg":"open executable: Operation not permitted","level":"error","time":"x"}\nopen executable: Operation not permitted\n';
  assert.equal(renderStartFailure(raw, { verb: 'run', program: '/etc' }).message, `${RUN}exec: "/etc": is a directory: permission denied`);
});

test('a working directory that is a file is named', () => {
  const said = 'chdir `/etc/passwd`: Not a directory\n';
  assert.equal(renderStartFailure(said, { verb: 'exec', program: 'true' }).message, `${EXEC}chdir to cwd ("/etc/passwd") set in config.json failed: not a directory${HINT}`);
});

test('a working directory of a container that is a file is named as dockerd does', () => {
  for (const said of ['chdir `/etc/passwd`: Not a directory\n', 'runc run failed: unable to start container process: error during container init: mkdir /etc/passwd: not a directory\n']) {
    assert.equal(renderStartFailure(said, { verb: 'run', program: 'true' }).message, 'Cannot mkdir: /etc/passwd is not a directory');
  }
});

test('a runtime that is not installed says what to do, and is not taken for a missing program', async () => {
  await using bench = await ShimBench.make('/nowhere/crun');
  const { message, kind } = renderStartFailure(await failureOf(bench.start(['true'])), { verb: 'run', program: 'true' });
  assert.match(message, /the runtime "\/nowhere\/crun" is not installed: install the package/);
  assert.doesNotMatch(message, /no such file or directory|executable file not found|permission denied/);
  assert.equal(kind, 'internal');
});

async function failureOf(start: Promise<unknown>): Promise<string> {
  try {
    await start;
  } catch (thrown) {
    if (thrown instanceof RuntimeFailure) return thrown.message;
    throw thrown;
  }
  throw new Error('it started');
}
