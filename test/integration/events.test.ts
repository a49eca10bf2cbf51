// The event stream as the docker command line shows it: each verb's events in Docker's order, live and from the past.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, eventually, onggiOk, removing, run } from '../support/commands.ts';
import { layerOf, ociArchive } from '../support/hand-made.ts';

before(busybox);

interface Told {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: string;
  readonly time: number;
  readonly timeNano: number;
}

/** What happened while `work` ran, as `docker events --since --until` tells it. */
async function during(work: () => Promise<unknown>, ...filters: readonly string[]): Promise<readonly Told[]> {
  const since = moment();
  await work();
  return past(since, ...filters);
}

async function past(since: string, ...filters: readonly string[]): Promise<readonly Told[]> {
  const text = await dockerOk('events', '--since', since, '--until', moment(), '--format', '{{json .}}', ...filters.flatMap((filter) => ['--filter', filter]));
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Told);
}

/** Now, in seconds with nine digits after the point. */
function moment(): string {
  return (Date.now() / 1000).toFixed(3) + '000000';
}

function words(told: readonly Told[]): readonly string[] {
  return told.map(({ Type, Action }) => `${Type} ${Action}`);
}

test('run, exec, stop, start, restart, kill, rename, pause and remove, each in order', { timeout: 120_000 }, async () => {
  await using _gone = removing('told', 'retold');
  const onRun = await during(() => dockerOk('run', '-d', '--name', 'told', '--label', 'a=b', 'busybox', 'sh', '-c', 'trap "exit 5" TERM; while :; do sleep 0.05; done'));
  assert.deepEqual(words(onRun), ['container create', 'network connect', 'container start']);
  const { Actor, scope, time, timeNano } = onRun[0] ?? assert.fail();
  const id = await dockerOk('inspect', '-f', '{{.Id}}', 'told');
  assert.equal(Actor.ID, id);
  assert.deepEqual({ ...Actor.Attributes, 'onggi.bootstrap': undefined }, { a: 'b', image: 'busybox', name: 'told', 'onggi.bootstrap': undefined });
  assert.equal(scope, 'local');
  assert.equal(Math.floor(timeNano / 1e9), time);
  assert.deepEqual({ ...onRun[1]?.Actor.Attributes }, { container: id, name: 'bridge', type: 'bridge' });

  const exec = await during(() => docker('exec', 'told', 'sh', '-c', 'exit 3'));
  assert.deepEqual(words(exec), ['container exec_create: sh -c exit 3', 'container exec_start: sh -c exit 3', 'container exec_die']);
  assert.equal(exec[2]?.Actor.Attributes['exitCode'], '3');
  assert.match(exec[0]?.Actor.Attributes['execID'] ?? '', /^[0-9a-f]{64}$/);

  assert.deepEqual(words(await during(() => dockerOk('pause', 'told'))), ['container pause']);
  assert.deepEqual(words(await during(() => dockerOk('unpause', 'told'))), ['container unpause']);
  const stop = await during(() => dockerOk('stop', 'told'));
  assert.deepEqual(words(stop).filter((word) => word.startsWith('container')), ['container kill', 'container stop', 'container die']);
  assert.ok(words(stop).includes('network disconnect'));
  assert.equal(stop.find(({ Action }) => Action === 'kill')?.Actor.Attributes['signal'], '15');
  assert.equal(stop.find(({ Action }) => Action === 'die')?.Actor.Attributes['exitCode'], '5');

  await dockerOk('start', 'told');
  const restart = await during(() => dockerOk('restart', '-t', '5', 'told'), 'type=container');
  assert.deepEqual(words(restart), ['kill', 'stop', 'die', 'start', 'restart'].map((word) => `container ${word}`));
  const kill = await during(async () => {
    await dockerOk('kill', 'told');
    await dockerOk('wait', 'told');
  }, 'type=container');
  assert.deepEqual(words(kill), ['container kill', 'container die']);
  assert.equal(kill[0]?.Actor.Attributes['signal'], '9');
  const rename = await during(() => dockerOk('rename', 'told', 'retold'));
  assert.deepEqual(words(rename), ['container rename']);
  assert.deepEqual([rename[0]?.Actor.Attributes['name'], rename[0]?.Actor.Attributes['oldName']], ['retold', '/told']);
  assert.deepEqual(words(await during(() => dockerOk('rm', 'retold'))), ['container destroy']);
});

test('a health check tells each change and its commands', { timeout: 60_000 }, async () => {
  await using _gone = removing('checked-told');
  const since = moment();
  await dockerOk('run', '-d', '--name', 'checked-told', '--health-cmd', 'true', '--health-interval', '100ms', 'busybox', 'sleep', '100');
  await eventually('healthy', async () => ((await dockerOk('inspect', '-f', '{{.State.Health.Status}}', 'checked-told')) === 'healthy' ? true : undefined));
  const told = await past(since, 'container=checked-told');
  assert.ok(words(told).includes('container health_status: healthy'), words(told).join(', '));
  assert.ok(words(told).includes('container exec_create: /bin/sh -c true'), words(told).join(', '));
  assert.equal((await past(since, 'event=health_status', 'container=checked-told')).length, 1);
});

test('images: load, tag, untag, delete, import, prune', async () => {
  const archive = ociArchive({ name: 'event:1', layers: [layerOf([{ name: 'x', data: 'x' }])] });
  const told = await during(async () => {
    await run('docker', ['load'], { input: archive });
    await dockerOk('tag', 'event:1', 'event:2');
    await dockerOk('rmi', 'event:1');
    await dockerOk('rmi', 'event:2');
    await dockerOk('image', 'prune', '-f');
  }, 'type=image');
  assert.deepEqual(words(told), ['load', 'tag', 'untag', 'untag', 'delete', 'prune'].map((word) => `image ${word}`));
  const [load, tag, untag, , gone] = told;
  assert.match(load?.Actor.ID ?? '', /^sha256:[0-9a-f]{64}$/);
  assert.equal(tag?.Actor.Attributes['name'], 'event:2');
  assert.equal(untag?.Actor.ID, load?.Actor.ID);
  assert.equal(gone?.Actor.ID, load?.Actor.ID);
});

test('volumes: create, mount, unmount, destroy', async () => {
  await using _gone = removing('with-volume');
  const told = await during(async () => {
    await dockerOk('volume', 'create', 'told-volume');
    await dockerOk('run', '--rm', '--name', 'with-volume', '-v', 'told-volume:/data', 'busybox', 'true');
    await dockerOk('volume', 'rm', 'told-volume');
  }, 'type=volume');
  assert.deepEqual(words(told), ['create', 'mount', 'unmount', 'destroy'].map((word) => `volume ${word}`));
  assert.deepEqual(told.map(({ Actor }) => Actor.ID), ['told-volume', 'told-volume', 'told-volume', 'told-volume']);
  const [, mount] = told;
  assert.deepEqual([mount?.Actor.Attributes['destination'], mount?.Actor.Attributes['driver'], mount?.Actor.Attributes['read/write']], ['/data', 'local', 'true']);
});

test('a failed start is told from create to destroy, and has no start', async () => {
  const told = await during(() => docker('run', '--rm', '--name', 'failed-told', '--network', 'none', 'busybox', 'nope'), 'type=container');
  assert.equal(words(told)[0], 'container create');
  assert.equal(words(told).at(-1), 'container destroy');
  assert.ok(!words(told).includes('container start'));
});

test('live: what happens is told as it happens, by filter, until --until', async () => {
  await using _gone = removing('live-told');
  const child = spawn('docker', ['events', '--filter', 'container=live-told', '--filter', 'event=start', '--filter', 'event=die', '--format', '{{.Action}} {{.Actor.Attributes.name}}']);
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  const closed = new Promise((resolve) => child.once('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await dockerOk('run', '-d', '--name', 'live-told', 'busybox', 'sleep', '0.2');
  await eventually('the events', async () => (seen === 'start live-told\ndie live-told\n' ? true : undefined));
  child.kill('SIGTERM');
  await closed;
  const until = String(Math.floor(Date.now() / 1000) + 2);
  const ends = await run('docker', ['events', '--since', '1s', '--until', until], { timeoutMs: 10_000 });
  assert.equal(ends.code, 0);
});

test('the past outlives the engine, and what ended while it was away is told', { timeout: 60_000 }, async () => {
  await using _gone = removing('before-restart', 'away');
  const since = moment();
  await dockerOk('run', '--name', 'before-restart', 'busybox', 'true');
  await dockerOk('run', '-d', '--name', 'away', 'busybox', 'sh', '-c', 'sleep 1; exit 9');
  await stopEngine();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { code, stderr } = await run(process.env['ONGGI_RESTART'] ?? '', []);
  assert.equal(code, 0, stderr);
  assert.deepEqual(words(await past(since, 'container=before-restart', 'type=container')), ['create', 'attach', 'start', 'die'].map((word) => `container ${word}`));
  const away = await eventually('the die of what ended meanwhile', async () => {
    const told = await past(since, 'container=away', 'event=die');
    return told.length > 0 ? told : undefined;
  });
  assert.equal(away.length, 1);
  assert.equal(away[0]?.Actor.Attributes['exitCode'], '9');
});

async function stopEngine(): Promise<void> {
  const pid = Number(await readFile(process.env['ONGGI_PIDFILE'] ?? '', 'utf8'));
  process.kill(pid, 'SIGTERM');
  await eventually('the end of the engine', async () => {
    try {
      process.kill(pid, 0);
      return undefined;
    } catch {
      return true;
    }
  });
}

test('our own command line tells the same', async () => {
  const args = ['events', '--since', '10m', '--until', moment(), '--filter', 'event=die'];
  assert.equal(await onggiOk(...args), await dockerOk(...args));
});
