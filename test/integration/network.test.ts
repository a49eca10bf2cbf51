import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, eventually, removing, run } from '../support/commands.ts';

before(busybox);

const ANSWER = ['nc', '-ll', '-p', '80', '-e', 'echo', 'hello'] as const;

/** What one TCP connection says; undefined while nobody answers. */
async function heard(port: string, host = '127.0.0.1'): Promise<string | undefined> {
  const { stdout } = await run('busybox', ['nc', '-w', '2', host, port], { input: '' });
  return stdout === '' ? undefined : stdout;
}

test('containers have addresses on the bridge and reach one another', async () => {
  await using _gone = removing('server');
  await dockerOk('run', '-d', '--name', 'server', 'busybox', ...ANSWER);
  const address = await dockerOk('inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'server');
  assert.match(address, /^172\.17\.0\.\d+$/);
  await eventually('an answer inside', async () => ((await docker('run', '--rm', 'busybox', 'nc', '-w', '2', address, '80')).stdout === 'hello\n' ? true : undefined));
  assert.match(await dockerOk('run', '--rm', 'busybox', 'ip', 'route'), /^default via 172\.17\.0\.1 dev eth0/);
  const network = JSON.parse(await dockerOk('network', 'inspect', 'bridge')) as [{ Containers: Record<string, { Name: string }> }];
  assert.deepEqual(Object.values(network[0].Containers).map(({ Name }) => Name), ['server']);
});

test('published: fixed, ephemeral, a range, UDP, one address only', async () => {
  await using _gone = removing('fixed', 'free', 'range', 'udp', 'local');
  await dockerOk('run', '-d', '--name', 'fixed', '-p', '8085:80', 'busybox', ...ANSWER);
  assert.equal(await eventually('the fixed port', () => heard('8085')), 'hello\n');
  await dockerOk('run', '-d', '--name', 'free', '-p', '80', 'busybox', ...ANSWER);
  const port = (await dockerOk('port', 'free', '80')).split('\n')[0]?.split(':').at(-1) ?? '';
  assert.equal(await eventually('the ephemeral port', () => heard(port)), 'hello\n');
  await dockerOk('run', '-d', '--name', 'range', '-p', '8085-8087:80', 'busybox', ...ANSWER);
  assert.match(await dockerOk('port', 'range'), /80\/tcp -> 0\.0\.0\.0:8086/);
  await dockerOk('run', '-d', '--name', 'local', '-p', '127.0.0.1:8089:80', 'busybox', ...ANSWER);
  assert.equal(await eventually('the loopback port', () => heard('8089')), 'hello\n');
  assert.match(await dockerOk('ps', '--filter', 'name=local', '--format', '{{.Ports}}'), /^127\.0\.0\.1:8089->80\/tcp$/);
  await dockerOk('run', '-d', '--name', 'udp', '-p', '5353:53/udp', 'busybox', 'sleep', '100');
  const pid = await dockerOk('inspect', '-f', '{{.State.Pid}}', 'udp');
  // busybox has no UDP server: this one runs in the container's network
  const echo = "const s = require('node:dgram').createSocket('udp4'); s.on('message', (m, from) => s.send(m, from.port, from.address)); s.bind(53)";
  const server = spawn('nsenter', ['-t', pid, '-n', process.execPath, '-e', echo], { stdio: 'inherit' });
  const client = createSocket('udp4');
  const answered = once(client, 'message');
  const asking = setInterval(() => client.send('ping', 5353, '127.0.0.1'), 100);
  assert.equal(String((await answered)[0]), 'ping');
  clearInterval(asking);
  client.close();
  server.kill();
});

test('a port that is taken is refused in Docker\'s words, and nothing is left behind', async () => {
  await using _gone = removing('holder', 'late');
  await dockerOk('run', '-d', '--name', 'holder', '-p', '82:80', 'busybox', 'sleep', '100');
  const rules = (): Promise<string> => run('nft', ['list', 'ruleset']).then(({ stdout }) => stdout);
  const before = await rules();
  const late = await docker('run', '-d', '--name', 'late', '-p', '82:80', 'busybox', 'sleep', '100');
  assert.equal(late.code, 125);
  assert.match(late.stderr, /Bind for 0\.0\.0\.0:82 failed: port is already allocated/);
  assert.equal(await rules(), before);
  assert.equal(await dockerOk('inspect', '-f', '{{.State.Status}}', 'late'), 'created');
  await dockerOk('rm', '-f', 'holder');
  await dockerOk('start', 'late');

  const program = createServer().listen(8090, '0.0.0.0');
  await new Promise((resolve) => program.once('listening', resolve));
  const busy = await docker('run', '--rm', '-p', '8090:80', 'busybox', 'true');
  program.close();
  assert.equal(busy.code, 125);
  assert.match(busy.stderr, /address already in use/);
});

test('--network host, none and container:', async () => {
  await using _gone = removing('shared');
  const links = (await run('ip', ['-o', 'link'])).stdout.split('\n').length;
  assert.equal((await dockerOk('run', '--rm', '--network', 'host', 'busybox', 'ip', '-o', 'link')).split('\n').length + 1, links);
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', 'busybox', 'ls', '/sys/class/net'), 'lo');
  await dockerOk('run', '-d', '--name', 'shared', 'busybox', ...ANSWER);
  assert.equal(await eventually('the shared loopback', async () => {
    const { stdout } = await docker('run', '--rm', '--network', 'container:shared', 'busybox', 'nc', '-w', '2', '127.0.0.1', '80');
    return stdout || undefined;
  }), 'hello\n');
});

test('hosts, resolv.conf and the host name are the container\'s own', async () => {
  const hosts = await dockerOk('run', '--rm', '--hostname', 'box', '--add-host', 'db:10.1.2.3', 'busybox', 'cat', '/etc/hosts');
  assert.match(hosts, /^127\.0\.0\.1\tlocalhost\n/);
  assert.match(hosts, /\n10\.1\.2\.3\tdb\n/);
  assert.match(hosts, /\n172\.17\.0\.\d+\tbox(\n|$)/);
  assert.match(await dockerOk('run', '--rm', '--dns', '9.9.9.9', '--dns-search', 'example.org', 'busybox', 'cat', '/etc/resolv.conf'), /nameserver 9\.9\.9\.9\n(.*\n)*search example\.org/);
});
