// The engine is killed in the middle of each thing that it does to containers: the next one finishes it or takes it back.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, eventually, removing } from '../support/commands.ts';
import { killedAfter, killEngine, startEngine } from '../support/engine.ts';
import { assertNothingMoreThan, belongings } from '../support/leftovers.ts';

before(busybox);

const status = (name: string): Promise<string> => dockerOk('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', name);

test('killed during a create with volumes: the container is there with them, or neither is', { timeout: 120_000 }, async () => {
  const nothing = await belongings();
  for (const delay of [5, 15, 25, 35, 45, 60, 80]) {
    await killedAfter(delay, () => docker('create', '--name', 'made', '-v', '/etc', '-v', '/b', 'busybox', 'true'));
    if ((await docker('inspect', 'made')).code === 0) {
      assert.equal(await dockerOk('start', '-a', 'made'), '');
      await dockerOk('rm', '-v', 'made');
    }
    await assertNothingMoreThan(nothing);
  }
});

test('killed during a removal: the container goes with its anonymous volumes, or is still whole', { timeout: 120_000 }, async () => {
  const nothing = await belongings();
  for (const delay of [5, 15, 25, 35, 45, 60, 80]) {
    await dockerOk('run', '-d', '--name', 'going', '-p', '8093:80', '-v', '/a', 'busybox', 'sleep', '100');
    await killedAfter(delay, () => docker('rm', '-f', '-v', 'going'));
    if ((await docker('inspect', 'going')).code === 0) {
      assert.match(await status('going'), /^(running 0|exited 137)$/);
      await dockerOk('start', 'going');
      await dockerOk('rm', '-f', '-v', 'going');
    }
    await assertNothingMoreThan(nothing);
  }
});

test('killed during run --rm: nothing is left, whichever of its steps was under way', { timeout: 120_000 }, async () => {
  const nothing = await belongings();
  for (const delay of [10, 25, 40, 55, 70, 90, 120]) {
    await killedAfter(delay, () => docker('run', '--rm', '--name', 'brief', '-v', '/a', 'busybox', 'sleep', '0.03'));
    await eventually('the end of brief', async () => ((await docker('inspect', 'brief')).code === 0 ? undefined : true));
    await assertNothingMoreThan(nothing);
  }
});

test('a container of --rm that ends while no engine is there is removed by the next', async () => {
  const nothing = await belongings();
  await dockerOk('run', '-d', '--rm', '--name', 'brief', '-v', '/a', 'busybox', 'sleep', '1');
  await killEngine();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await startEngine();
  assert.notEqual((await docker('inspect', 'brief')).code, 0);
  await assertNothingMoreThan(nothing);
});

test('killed during an exec: the container runs on, takes the next exec, and leaves nothing at its end', { timeout: 120_000 }, async () => {
  const nothing = await belongings();
  await dockerOk('run', '-d', '--name', 'host', 'busybox', 'sleep', '1000');
  for (const delay of [10, 20, 30, 45, 60]) {
    await killedAfter(delay, () => docker('exec', 'host', 'sleep', '0.02'));
    assert.equal(await dockerOk('exec', 'host', 'echo', 'well'), 'well');
  }
  await dockerOk('rm', '-f', 'host');
  await assertNothingMoreThan(nothing);
});

test('a pause outlasts the engine, and one that was cut off is none', { timeout: 60_000 }, async () => {
  await using _gone = removing('still');
  await dockerOk('run', '-d', '--name', 'still', 'busybox', 'sh', '-c', 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done');
  await dockerOk('pause', 'still');
  await killEngine();
  await startEngine();
  assert.equal(await status('still'), 'paused 0');
  const lines = (): Promise<string> => dockerOk('logs', '--tail', '1', 'still');
  const before = await lines();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await lines(), before);
  for (const delay of [5, 15, 25]) {
    await killedAfter(delay, () => docker('unpause', 'still'));
    const goesOn = (await status('still')) === 'running 0';
    const seen = await lines();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal((await lines()) !== seen, goesOn, 'what it says it does');
    if (goesOn) await dockerOk('pause', 'still');
  }
  await dockerOk('stop', '-t', '0', 'still');
  assert.equal(await status('still'), 'exited 137');
});

test('restart policies over an engine\'s end: what waited is restarted, what was stopped by hand stays as its policy says', { timeout: 60_000 }, async () => {
  await using _gone = removing('crashes', 'always', 'unless', 'onfailure', 'done');
  await dockerOk('run', '-d', '--name', 'crashes', '--restart', 'always', 'busybox', 'sh', '-c', 'exit 4');
  await dockerOk('run', '-d', '--name', 'always', '--restart', 'always', 'busybox', 'sleep', '1000');
  await dockerOk('run', '-d', '--name', 'unless', '--restart', 'unless-stopped', 'busybox', 'sleep', '1000');
  await dockerOk('run', '-d', '--name', 'onfailure', '--restart', 'on-failure', 'busybox', 'sh', '-c', 'sleep 1; exit 5');
  await dockerOk('run', '-d', '--name', 'done', '--restart', 'on-failure', 'busybox', 'sleep', '1');
  await dockerOk('stop', '-t', '0', 'always', 'unless');
  await eventually('a wait for a restart', async () => ((await status('crashes')).startsWith('restarting') ? true : undefined));
  await killEngine();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  const count = async (name: string): Promise<number> => Number(await dockerOk('inspect', '-f', '{{.RestartCount}}', name));
  await startEngine();
  const before = await count('crashes');
  await eventually('the next restart', async () => ((await count('crashes')) > before ? true : undefined));
  await eventually('always', async () => ((await status('always')) === 'running 0' ? true : undefined));
  await eventually('on-failure', async () => ((await count('onfailure')) > 0 ? true : undefined));
  assert.equal(await status('unless'), 'exited 137');
  assert.equal(await status('done'), 'exited 0');
  assert.equal(await count('done'), 0);
  await dockerOk('stop', '-t', '0', 'crashes');
  assert.equal(await status('crashes'), 'exited 4');
});

test('killed again and again while containers start and end: each name can be used, nothing is held', { timeout: 120_000 }, async () => {
  const nothing = await belongings();
  for (let round = 0; round < 5; round++) {
    const names = Array.from({ length: 6 }, (_, index) => `many-${index}`);
    await killedAfter(60 + round * 25, () => Promise.all(names.map((name) => docker('run', '-d', '--name', name, '-p', '80', 'busybox', 'sleep', '0.1'))));
    const left = (await dockerOk('ps', '-a', '--format', '{{.Names}}')).split('\n').filter((name) => name !== '');
    if (left.length > 0) await dockerOk('rm', '-f', ...left);
    await assertNothingMoreThan(nothing);
  }
});
