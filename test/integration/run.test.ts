// `docker run` and its verbs by the real docker command line.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, eventually, removing, run } from '../support/commands.ts';

before(busybox);

test('output, error output and exit code are the process\'s own', async () => {
  const { stdout, stderr, code } = await docker('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 42');
  assert.deepEqual({ stdout, stderr, code }, { stdout: 'out\n', stderr: 'err\n', code: 42 });
});

test('--rm leaves nothing, a signal\'s exit code is 128 and more', async () => {
  await dockerOk('run', '-d', '--rm', '--name', 'killed', 'busybox', 'sleep', '100');
  const attached = docker('attach', 'killed');
  await eventually('the attach', async () => ((await dockerOk('events', '--since', '1m', '--until', '0s', '--filter', 'container=killed', '--filter', 'event=attach')) === '' ? undefined : true));
  await dockerOk('kill', 'killed');
  assert.equal((await attached).code, 137);
  await eventually('the removal', async () => ((await docker('inspect', 'killed')).code === 1 ? true : undefined));
});

test('125, 126 and 127 as docker gives them', async () => {
  assert.equal((await docker('run', '--rm', 'busybox', 'nope')).code, 127);
  assert.equal((await docker('run', '--rm', 'busybox', '/nope')).code, 127);
  assert.equal((await docker('run', '--rm', 'busybox', '/etc/passwd')).code, 126);
  assert.equal((await docker('run', '--rm', 'busybox', '/etc')).code, 126);
  assert.equal((await docker('run', '--rm', '--memory', '1', 'busybox')).code, 125);
  assert.deepEqual(await dockerOk('ps', '-aq'), '');
});

test('-i reads standard input to its end', async () => {
  const input = 'x'.repeat(300_000) + '\nlast\n';
  const { stdout, code } = await run('docker', ['run', '--rm', '-i', 'busybox', 'cat'], { input });
  assert.equal(code, 0);
  assert.ok(stdout === input);
});

test('environment, user, working directory, host name, entry point', async () => {
  const shown = await dockerOk('run', '--rm', '-e', 'A=1', '-e', 'B=two words', '-w', '/made/now', '--hostname', 'box', '-u', '1009:50',
    '--entrypoint', 'sh', 'busybox', '-c', 'echo $A,$B; pwd; hostname; id -u; id -g; cat /etc/hostname');
  assert.equal(shown, '1,two words\n/made/now\nbox\n1009\n50\nbox');
});

test('the defaults keep a container in: capabilities, seccomp, masked paths, its own processes', async () => {
  const status = await dockerOk('run', '--rm', 'busybox', 'cat', '/proc/self/status');
  assert.match(status, /CapEff:\t00000000a80425fb/);
  assert.match(status, /Seccomp:\t2/);
  assert.equal((await docker('run', '--rm', 'busybox', 'mount', '-t', 'tmpfs', 'x', '/mnt')).code, 1);
  assert.equal(await dockerOk('run', '--rm', 'busybox', 'sh', '-c', 'cat /proc/kcore | wc -c'), '0');
  assert.match(await dockerOk('run', '--rm', 'busybox', 'ps'), /^PID.*\n +1 root /);
  assert.match(await dockerOk('run', '--rm', '--cap-drop', 'ALL', '--cap-add', 'SETGID', 'busybox', 'grep', 'CapEff', '/proc/self/status'), /0000000000000040/);
  assert.match(await dockerOk('run', '--rm', '--read-only', '--tmpfs', '/w', 'busybox', 'sh', '-c', 'touch /x 2>&1; touch /w/y && echo wrote'), /Read-only file system\nwrote/);
});

test('volumes and binds keep what is written, anonymous ones go with --rm', async () => {
  await dockerOk('run', '--rm', '-v', 'kept:/data', 'busybox', 'sh', '-c', 'echo here > /data/f');
  assert.equal(await dockerOk('run', '--rm', '-v', 'kept:/data:ro', 'busybox', 'cat', '/data/f'), 'here');
  assert.equal((await docker('run', '--rm', '-v', 'kept:/data:ro', 'busybox', 'touch', '/data/g')).code, 1);
  const before = await dockerOk('volume', 'ls', '-q');
  await dockerOk('run', '--rm', '-v', '/anonymous', 'busybox', 'touch', '/anonymous/x');
  assert.equal(await dockerOk('volume', 'ls', '-q'), before);
  await dockerOk('volume', 'rm', 'kept');
});

test('an empty volume begins with what the image has there', async () => {
  assert.equal(await dockerOk('run', '--rm', '-v', 'etc-copy:/etc', 'busybox', 'grep', '-c', 'root', '/etc/passwd'), '1');
  await dockerOk('volume', 'rm', 'etc-copy');
});

test('a name is taken once; stop, start, restart, wait, rename and kill do what they say', async () => {
  await using _gone = removing('one', 'two');
  await dockerOk('run', '-d', '--name', 'one', 'busybox', 'sh', '-c', 'trap "exit 5" TERM; while :; do sleep 0.1; done');
  const taken = await docker('run', '-d', '--name', 'one', 'busybox', 'true');
  assert.equal(taken.code, 125);
  assert.match(taken.stderr, /Conflict\. The container name "\/one" is already in use by container "[0-9a-f]{64}"\. You have to remove \(or rename\)/);
  await dockerOk('stop', 'one');
  assert.equal(await dockerOk('inspect', '-f', '{{.State.ExitCode}} {{.State.Status}}', 'one'), '5 exited');
  await dockerOk('start', 'one');
  const waited = dockerOk('wait', await dockerOk('inspect', '-f', '{{.Id}}', 'one'));
  await dockerOk('rename', 'one', 'two');
  await dockerOk('restart', '-t', '0', 'two');
  assert.equal(await waited, '137');
  await dockerOk('kill', 'two');
  assert.equal(await dockerOk('inspect', '-f', '{{.State.ExitCode}} {{.State.Running}}', 'two'), '137 false');
});

test('pause stops it, unpause goes on', async () => {
  await using _gone = removing('frozen');
  await dockerOk('run', '-d', '--name', 'frozen', 'busybox', 'sleep', '100');
  await dockerOk('pause', 'frozen');
  assert.equal(await dockerOk('inspect', '-f', '{{.State.Status}}', 'frozen'), 'paused');
  assert.equal((await docker('exec', 'frozen', 'true')).code, 1);
  await dockerOk('unpause', 'frozen');
  assert.equal((await docker('exec', 'frozen', 'true')).code, 0);
});

test('exec: input, user, directory, environment, exit codes', async () => {
  await using _gone = removing('host');
  await dockerOk('run', '-d', '--name', 'host', '-e', 'FROM=container', 'busybox', 'sleep', '100');
  const { stdout } = await run('docker', ['exec', '-i', '-u', '7', '-w', '/tmp', '-e', 'X=y', 'host', 'sh', '-c', 'cat; id -u; pwd; echo $X $FROM'], { input: 'typed\n' });
  assert.equal(stdout, 'typed\n7\n/tmp\ny container\n');
  assert.equal((await docker('exec', 'host', 'sh', '-c', 'exit 9')).code, 9);
  assert.equal((await docker('exec', 'host', 'nope')).code, 127);
  assert.equal((await docker('exec', 'host', '/etc/passwd')).code, 126);
  await dockerOk('exec', '-d', 'host', 'touch', '/detached');
  await eventually('the detached exec', async () => ((await docker('exec', 'host', 'ls', '/detached')).code === 0 ? true : undefined));
});

test('the host\'s /dev/null stays root\'s, whoever runs in a container', async () => {
  await using _gone = removing('not-root');
  const owner = async (): Promise<string> => (await run('stat', ['-c', '%u:%g %a', '/dev/null'])).stdout;
  const before = await owner();
  await dockerOk('run', '-d', '--name', 'not-root', '-u', '77:78', '--health-cmd', 'true', '--health-interval', '100ms', 'busybox', 'sleep', '100');
  await dockerOk('exec', 'not-root', 'true');
  await dockerOk('exec', '-d', 'not-root', 'true');
  await dockerOk('exec', '-i', '-u', '66', 'not-root', 'true');
  await dockerOk('exec', '-t', 'not-root', 'true');
  assert.equal((await dockerOk('exec', 'not-root', 'sh', '-c', 'cat; echo end')), 'end');
  await eventually('healthy', async () => ((await dockerOk('inspect', '-f', '{{.State.Health.Status}}', 'not-root')) === 'healthy' ? true : undefined));
  await dockerOk('run', '--rm', '-u', '55', 'busybox', 'true');
  await dockerOk('run', '--rm', '-i', '-u', '55', '--init', 'busybox', 'true');
  await dockerOk('run', '--rm', '-t', '-u', '55', 'busybox', 'true');
  assert.equal(await owner(), before);
});

test('restart policy brings it back, its count is shown', async () => {
  await using _gone = removing('again');
  await dockerOk('run', '-d', '--name', 'again', '--restart', 'on-failure:2', 'busybox', 'false');
  await eventually('the end of the restarts', async () =>
    (await dockerOk('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', 'again')) === 'exited 2' ? true : undefined);
});

test('a health check turns healthy, and unhealthy', async () => {
  await using _gone = removing('checked');
  await dockerOk('run', '-d', '--name', 'checked', '--health-cmd', 'test -e /ok', '--health-interval', '200ms', '--health-retries', '2', 'busybox', 'sleep', '100');
  await eventually('unhealthy', async () => ((await dockerOk('inspect', '-f', '{{.State.Health.Status}}', 'checked')) === 'unhealthy' ? true : undefined));
  await dockerOk('exec', 'checked', 'touch', '/ok');
  await eventually('healthy', async () => ((await dockerOk('inspect', '-f', '{{.State.Health.Status}}', 'checked')) === 'healthy' ? true : undefined));
  assert.match(await dockerOk('ps', '--filter', 'health=healthy'), /\(healthy\)/);
});

test('events tell a run from create to destroy, in order', async () => {
  const since = String(Date.now() / 1000);
  await dockerOk('run', '--rm', '--name', 'told', 'busybox', 'true');
  const until = String(Date.now() / 1000 + 0.1);
  const told = await dockerOk('events', '--since', since, '--until', until, '--filter', 'container=told', '--format', '{{.Action}}');
  assert.deepEqual(told.split('\n'), ['create', 'attach', 'start', 'die', 'destroy']);
});

test('--init reaps and --pid=host sees the host', async () => {
  assert.match(await dockerOk('run', '--rm', '--init', 'busybox', 'cat', '/proc/1/cmdline'), /init|tini/);
  assert.match(await dockerOk('run', '--rm', '--pid', 'host', 'busybox', 'ps'), /onggid/);
});
