// Hijacked connections and streams by dockerode: attach, exec, logs, wait, events.
import assert from 'node:assert/strict';
import { PassThrough, type Duplex, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import Docker from 'dockerode';
import { busybox, dockerOk, eventually } from '../support/commands.ts';
import { ask } from '../support/raw-http.ts';

const engine = new Docker({ socketPath: (process.env['DOCKER_HOST'] ?? '').replace('unix://', '') });

before(busybox);

/** A container that is taken away at the end of the scope. */
async function container(options: Partial<Docker.ContainerCreateOptions>): Promise<Docker.Container & AsyncDisposable> {
  const made = await engine.createContainer({ Image: 'busybox', ...options });
  return Object.assign(made, { [Symbol.asyncDispose]: async () => void (await made.remove({ force: true, v: true }).catch(() => {})) });
}

/** Both streams of a framed connection, to its end. */
async function demuxed(stream: Duplex): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  engine.modem.demuxStream(stream, out, err);
  stream.once('end', () => {
    out.end();
    err.end();
  });
  const [stdout, stderr] = await Promise.all([text(out), text(err)]);
  return { stdout, stderr };
}

test('attach before the start: input, its end, both outputs apart', async () => {
  await using made = await container({ Cmd: ['sh', '-c', 'cat; echo err >&2'], OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true });
  const stream = (await made.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })) as Duplex;
  await made.start();
  stream.write('typed\n');
  stream.end();
  assert.deepEqual(await demuxed(stream), { stdout: 'typed\n', stderr: 'err\n' });
  assert.equal(((await made.wait()) as { StatusCode: number }).StatusCode, 0);
});

test('attach to a terminal is raw', async () => {
  await using made = await container({ Cmd: ['sh', '-c', 'read x; echo "got $x"; tty'], OpenStdin: true, Tty: true });
  const stream = (await made.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })) as Duplex;
  await made.start();
  await made.resize({ h: 40, w: 100 });
  stream.write('hello\n');
  assert.equal(await text(stream), 'hello\r\ngot hello\r\n/dev/pts/0\r\n');
});

test('attach with logs tells what was said before', async () => {
  await using made = await container({ Cmd: ['sh', '-c', 'echo before; sleep 100'] });
  await made.start();
  await eventually('the line', async () => ((await made.logs({ stdout: true })).toString().includes('before') ? true : undefined));
  const stream = (await made.attach({ stream: true, logs: true, stdout: true, hijack: true })) as Duplex;
  const said = demuxed(stream);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await made.kill();
  assert.equal((await said).stdout, 'before\n');
});

test('exec: half-closed input, exit code, inspect, a terminal, detached', async () => {
  await using made = await container({ Cmd: ['sleep', '100'] });
  await made.start();
  const exec = await made.exec({ Cmd: ['sh', '-c', 'cat; echo done >&2; exit 7'], AttachStdin: true, AttachStdout: true, AttachStderr: true, Env: ['A=b'], WorkingDir: '/tmp' });
  assert.equal((await exec.inspect()).Running, false);
  const stream = await exec.start({ hijack: true, stdin: true });
  stream.write('x'.repeat(100_000));
  stream.end('\nlast\n');
  const { stdout, stderr } = await demuxed(stream);
  assert.equal(stdout, `${'x'.repeat(100_000)}\nlast\n`);
  assert.equal(stderr, 'done\n');
  const shown = await exec.inspect();
  assert.deepEqual([shown.ExitCode, shown.Running, shown.ContainerID, shown.ProcessConfig.entrypoint, shown.OpenStdin], [7, false, made.id, 'sh', true]);

  const terminal = await made.exec({ Cmd: ['sh', '-c', 'stty size; echo $TERM'], AttachStdout: true, Tty: true, Env: ['TERM=xterm'] });
  assert.match(await text(await terminal.start({ Tty: true, hijack: true })), /xterm\r\n$/);

  const detached = await made.exec({ Cmd: ['touch', '/made'] });
  (await detached.start({ Detach: true })).resume(); // dockerode leaves it to us
  await eventually('what it made', async () => ((await detached.inspect()).ExitCode === 0 ? true : undefined));
  const again = await ask('POST', `/exec/${detached.id}/start`, { Detach: true });
  assert.equal(again.status, 409);
  const missing = await made.exec({ Cmd: ['nope'] });
  const refused = await ask('POST', `/exec/${missing.id}/start`, { Detach: true });
  assert.equal(refused.status, 400);
  assert.match((refused.json() as { message: string }).message, /exec: "nope": executable file not found/);
});

test('exec in what does not run, and of what is not there', async () => {
  await using made = await container({ Cmd: ['true'] });
  const stopped = await ask('POST', `/containers/${made.id}/exec`, { Cmd: ['true'] });
  assert.equal(stopped.status, 409);
  assert.deepEqual(stopped.json(), { message: `container ${made.id} is not running` });
  assert.equal((await ask('POST', '/containers/nosuch/exec', { Cmd: ['true'] })).status, 404);
  assert.equal((await ask('GET', '/exec/nosuch/json')).status, 404);
});

test('wait: not-running, next-exit and removed', async () => {
  await using made = await container({ Cmd: ['sh', '-c', 'sleep 0.3; exit 4'] });
  assert.deepEqual(await made.wait({ condition: 'not-running' }), { StatusCode: 0 }, 'a created container does not run');
  const next = made.wait({ condition: 'next-exit' });
  const removed = made.wait({ condition: 'removed' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await made.start();
  assert.deepEqual(await made.wait(), { StatusCode: 4 });
  assert.deepEqual(await next, { StatusCode: 4 });
  await made.remove();
  assert.deepEqual(await removed, { StatusCode: 4 });
  await assert.rejects(made.wait(), { statusCode: 404 });
});

test('logs: followed to the end, tail, times, one stream', async () => {
  await using made = await container({ Cmd: ['sh', '-c', 'for i in 1 2 3; do echo out $i; echo err $i >&2; sleep 0.1; done'] });
  await made.start();
  const stream = (await made.logs({ follow: true, stdout: true, stderr: true })) as unknown as Duplex;
  assert.deepEqual(await demuxed(stream), { stdout: 'out 1\nout 2\nout 3\n', stderr: 'err 1\nerr 2\nerr 3\n' });
  const tail = (await ask('GET', `/containers/${made.id}/logs?stdout=1&stderr=1&tail=2&timestamps=1`)).text;
  assert.match(tail, /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z out 3\n/);
  assert.equal((await ask('GET', `/containers/${made.id}/logs`)).status, 400);
});

test('events: live, as one JSON per line, until the client goes', async () => {
  const stream = (await engine.getEvents({ filters: { type: ['container'], event: ['create', 'destroy'] } })) as Readable;
  const seen: { Action: string; Actor: { ID: string } }[] = [];
  stream.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) if (line.trim() !== '') seen.push(JSON.parse(line) as (typeof seen)[number]);
  });
  const made = await container({ Cmd: ['true'] });
  await made.remove();
  await eventually('both events', async () => (seen.length >= 2 ? true : undefined));
  assert.deepEqual(seen.map(({ Action, Actor }) => [Action, Actor.ID]), [['create', made.id], ['destroy', made.id]]);
  stream.destroy();
  assert.equal((await ask('GET', '/_ping')).status, 200);
});

test('the life of a container by its codes', async () => {
  await using made = await container({ Cmd: ['sleep', '100'] });
  const code = async (method: string, verb: string): Promise<number> => (await ask(method, `/containers/${made.id}${verb}`)).status;
  assert.equal(await code('POST', '/stop'), 304);
  assert.equal(await code('POST', '/kill'), 409);
  assert.equal(await code('POST', '/pause'), 409);
  assert.equal(await code('POST', '/start'), 204);
  assert.equal(await code('POST', '/start'), 304);
  assert.equal(await code('DELETE', ''), 409);
  assert.equal(await code('POST', '/pause'), 204);
  assert.equal(await code('POST', '/pause'), 409);
  assert.equal(await code('POST', '/unpause'), 204);
  assert.equal(await code('POST', '/unpause'), 500);
  assert.equal(await code('POST', '/rename?name=a_name_of_this_test'), 204);
  assert.equal(await code('POST', '/rename?name='), 400);
  assert.equal(await code('POST', '/restart?t=0'), 204);
  assert.equal(await code('GET', '/top'), 200);
  assert.equal(await code('POST', '/resize?h=10&w=10'), 200);
  assert.equal(await code('POST', '/kill?signal=BOGUS'), 400);
  assert.equal(await code('POST', '/kill?signal=KILL'), 204);
  await made.wait();
  assert.equal(await code('POST', '/stop'), 304);
  assert.equal(await code('DELETE', ''), 204);
  assert.equal(await code('DELETE', ''), 404);
});

test('dockerode’s own run, pull errors and build errors reach the caller', async () => {
  const out = new PassThrough();
  const [result] = (await engine.run('busybox', ['echo', 'ran'], out)) as [{ StatusCode: number }, Docker.Container];
  assert.equal(result.StatusCode, 0);
  await assert.rejects(engine.pull('127.0.0.1:1/nothing:1'), { statusCode: 500 });
  await assert.rejects(engine.buildImage(new PassThrough().end(), { t: 'x' }), { statusCode: 501 });
  await dockerOk('container', 'prune', '-f');
});
