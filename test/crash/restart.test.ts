// The engine is killed at any moment and started again: containers run on, nothing is lost.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, eventually, removing, run } from '../support/commands.ts';
import { killEngine, startEngine } from '../support/engine.ts';

before(busybox);

test('a kill -9 of the engine: containers run on, output is complete, exit codes are known, ports stay open', async () => {
  await using _gone = removing('writer', 'short', 'web');
  await dockerOk('run', '-d', '--name', 'writer', 'busybox', 'sh', '-c', 'i=0; while [ $i -lt 400 ]; do echo $i; i=$((i+1)); sleep 0.01; done; exit 7');
  await dockerOk('run', '-d', '--name', 'short', 'busybox', 'sh', '-c', 'sleep 1; exit 3');
  await dockerOk('run', '-d', '--name', 'web', '-p', '8091:80', 'busybox', 'nc', '-ll', '-p', '80', '-e', 'echo', 'hello');
  const address = await dockerOk('inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'web');
  await killEngine();
  const answer = await eventually('an answer without an engine', async () => (await run('busybox', ['nc', '-w', '2', '127.0.0.1', '8091'], { input: '' })).stdout || undefined);
  assert.equal(answer, 'hello\n');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await startEngine();
  assert.equal(await dockerOk('wait', 'short'), '3');
  assert.equal(await dockerOk('wait', 'writer'), '7');
  assert.equal(await dockerOk('logs', 'writer'), Array.from({ length: 400 }, (_, index) => String(index)).join('\n'));
  assert.equal(await dockerOk('inspect', '-f', '{{.State.Running}} {{.NetworkSettings.Networks.bridge.IPAddress}}', 'web'), `true ${address}`);
  assert.equal((await run('busybox', ['nc', '-w', '2', '127.0.0.1', '8091'], { input: '' })).stdout, 'hello\n');
  assert.equal((await docker('exec', 'web', 'true')).code, 0);
  const taken = await docker('run', '--rm', '-p', '8091:80', 'busybox', 'true');
  assert.match(taken.stderr, /port is already allocated/);
  // a new container gets an address of its own
  assert.notEqual(await dockerOk('run', '--rm', 'busybox', 'hostname', '-i'), address);
});

test('SIGTERM stops the engine and leaves containers running', async () => {
  await using _gone = removing('stays');
  await dockerOk('run', '-d', '--name', 'stays', 'busybox', 'sleep', '100');
  const pid = await dockerOk('inspect', '-f', '{{.State.Pid}}', 'stays');
  const engine = Number(await readFile(process.env['ONGGI_PIDFILE'] ?? '', 'utf8'));
  process.kill(engine, 'SIGTERM');
  await eventually('the end of the engine', async () => ((await docker('ps')).code === 1 ? true : undefined));
  process.kill(Number(pid), 0);
  await startEngine();
  assert.equal(await dockerOk('inspect', '-f', '{{.State.Pid}} {{.State.Running}}', 'stays'), `${pid} true`);
});

test('a shim that is killed: the container is seen as dead, and can be started again', async () => {
  await using _gone = removing('orphan');
  await dockerOk('run', '-d', '--name', 'orphan', 'busybox', 'sleep', '100');
  const pid = await dockerOk('inspect', '-f', '{{.State.Pid}}', 'orphan');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const shim = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  process.kill(shim, 'SIGKILL');
  assert.equal(await dockerOk('wait', 'orphan'), '137');
  assert.throws(() => process.kill(Number(pid), 0));
  await dockerOk('start', 'orphan');
  assert.equal(await dockerOk('inspect', '-f', '{{.State.Running}}', 'orphan'), 'true');
});

test('kills between any two steps of run leave a state that a user would expect', async () => {
  for (let delay = 0; delay < 240; delay += 12) {
    const running = docker('run', '-d', '--name', 'victim', '-p', '8092:80', 'busybox', 'sleep', '100');
    await new Promise((resolve) => setTimeout(resolve, delay));
    await killEngine();
    await running;
    await startEngine();
    const { stdout, code } = await docker('inspect', '-f', '{{.State.Status}}', 'victim');
    if (code === 0) {
      assert.match(stdout, /^(created|running)\n$/);
      if (stdout === 'created\n') await dockerOk('start', 'victim');
      assert.equal((await docker('exec', 'victim', 'true')).code, 0);
      await dockerOk('rm', '-f', 'victim');
    }
    await dockerOk('run', '--rm', '--name', 'victim', '-p', '8092:80', 'busybox', 'true');
  }
  assert.equal(await dockerOk('ps', '-aq'), '');
});
