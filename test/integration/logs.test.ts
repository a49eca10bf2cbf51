import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, onggi, removing } from '../support/commands.ts';

before(busybox);

test('logs: both streams, tail, timestamps, since and until', async () => {
  await using _gone = removing('said');
  await dockerOk('run', '--name', 'said', 'busybox', 'sh', '-c', 'for i in 1 2 3 4 5; do echo out$i; done; sleep 0.3; echo late >&2');
  const { stdout, stderr } = await docker('logs', 'said');
  assert.deepEqual([stdout, stderr], ['out1\nout2\nout3\nout4\nout5\n', 'late\n']);
  assert.equal(await dockerOk('logs', '--tail', '3', 'said'), 'out4\nout5');
  assert.equal(await dockerOk('logs', '-n', '0', 'said'), '');
  const stamped = await docker('logs', '-t', 'said');
  assert.match(stamped.stdout, /^\d{4}-\d\d-\d\dT[\d:.]+Z out1\n/);
  const lateAt = stamped.stderr.split(' ')[0] ?? '';
  const since = await docker('logs', '--since', lateAt, 'said');
  assert.deepEqual([since.stdout, since.stderr], ['', 'late\n']);
  const firstAt = stamped.stdout.split(' ')[0] ?? '';
  assert.equal((await docker('logs', '--until', firstAt, 'said')).stdout, 'out1\n');
  assert.equal((await docker('logs', '--since', '1h', 'said')).stdout.split('\n').length, 6);
});

for (const client of [docker, onggi]) {
  test(`${client.name} logs -f ends with the container and loses nothing across rotations`, async () => {
    await using _gone = removing('many');
    const lines = 20_000;
    await dockerOk('run', '-d', '--name', 'many', '--log-opt', 'max-size=100k', '--log-opt', 'max-file=50', 'busybox',
      'sh', '-c', `sleep 0.5; i=0; while [ $i -lt ${lines} ]; do echo line $i; i=$((i+1)); done`);
    const { stdout, code } = await client('logs', '-f', 'many');
    assert.equal(code, 0);
    assert.ok(stdout === Array.from({ length: lines }, (_, index) => `line ${index}\n`).join(''), `${stdout.split('\n').length} lines came`);
    assert.equal((await client('logs', '--tail', '12000', 'many')).stdout.split('\n')[0], `line ${lines - 12_000}`);
  });
}

test('logs -f shows a line as it is written', async () => {
  await using _gone = removing('live');
  await dockerOk('run', '-di', '--name', 'live', 'busybox', 'cat');
  const following = spawn('docker', ['logs', '-f', 'live'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(following.stdout);
  const writer = spawn('docker', ['attach', 'live'], { stdio: ['pipe', 'ignore', 'inherit'] });
  for (const word of ['first', 'second']) {
    const came = once(lines, 'line');
    writer.stdin.write(`${word}\n`);
    assert.deepEqual(await came, [word]);
  }
  const ended = once(following, 'exit');
  writer.stdin.end();
  await dockerOk('stop', '-t', '0', 'live');
  assert.deepEqual(await ended, [0, null]);
});

test('a driver that keeps no log says so, an unknown one is refused', async () => {
  await using _gone = removing('mute');
  await dockerOk('run', '-d', '--name', 'mute', '--log-driver', 'none', 'busybox', 'echo', 'x');
  const none = await docker('logs', 'mute');
  assert.equal(none.code, 1);
  assert.match(none.stderr, /configured logging driver does not support reading/);
  const unknown = await docker('run', '--log-driver', 'nope', 'busybox', 'true');
  assert.equal(unknown.code, 125);
  assert.match(unknown.stderr, /error looking up logging plugin nope: plugin "nope" not found/);
  const wrong = await docker('run', '--log-opt', 'nope=1', 'busybox', 'true');
  assert.match(wrong.stderr, /unknown log opt 'nope' for json-file log driver/);
});
