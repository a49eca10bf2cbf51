import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { StreamReceiver } from '../../src/parts/log-shipping/receivers.testing.ts';
import { busybox, docker, dockerOk, eventually, removing, run } from '../support/commands.ts';

before(busybox);

/** Debian's rsyslogd on TCP and a unix datagram socket; what comes is written as it came. */
class Rsyslog implements AsyncDisposable {
  readonly folder: string;
  #process: ChildProcess | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  async start(): Promise<void> {
    const { folder } = this;
    await writeFile(join(folder, 'rsyslog.conf'), `
global(workDirectory="${folder}")
module(load="imtcp") module(load="imudp") module(load="imuxsock" SysSock.Use="off")
template(name="plain" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname% %msg:2:$:drop-last-lf%\\n")
input(type="imtcp" port="5514" address="127.0.0.1")
input(type="imudp" port="5514" address="127.0.0.1")
input(type="imuxsock" Socket="${folder}/log" RateLimit.Interval="0")
action(type="omfile" file="${folder}/out" template="plain")
`);
    this.#process = spawn('rsyslogd', ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid')], { stdio: 'ignore' });
    await eventually('rsyslogd', async () => await listens(5514));
  }

  /** What it has written so far. */
  async lines(): Promise<string[]> {
    const text = await readFile(join(this.folder, 'out'), 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1);
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function listens(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => socket.end());
    socket.on('close', (failed) => resolve(failed ? undefined : true));
    socket.on('error', () => {});
  });
}

async function allOf(server: Rsyslog, wanted: number, tag: string): Promise<string[]> {
  return eventually(`${wanted} lines of ${tag}`, async () => {
    const own = (await server.lines()).filter((line) => line.includes(` ${tag} `)).map((line) => line.split(` ${tag} `)[1] ?? '');
    return own.length >= wanted ? own : undefined;
  });
}

test('a real rsyslogd gets every line, by every way', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-rsyslog-'));
  await using server = new Rsyslog(folder.path);
  await server.start();
  const ways = { tcp: 'tcp://127.0.0.1:5514', udp: 'udp://127.0.0.1:5514', local: `unixgram://${folder.path}/log` };
  for (const [tag, address] of Object.entries(ways)) {
    await dockerOk('run', '--rm', '--log-driver', 'syslog', '--log-opt', `syslog-address=${address}`, '--log-opt', `tag=${tag}`,
      '--log-opt', 'syslog-facility=local3', 'busybox', 'sh', '-c', 'echo first; sleep 0.1; echo oops >&2; sleep 0.1; for i in $(seq 500); do echo $i; done');
    const numbers = Array.from({ length: 500 }, (_, index) => String(index + 1));
    assert.deepEqual(await allOf(server, 502, tag), ['first', 'oops', ...numbers], tag);
  }
  const text = await server.lines();
  assert.ok(text.includes('local3.info tcp first'), text.join('\n'));
  assert.ok(text.includes('local3.err tcp oops'));
});

test('nothing is lost while rsyslogd is away, or the engine, and logs go on working', async () => {
  await using _gone = removing('talker');
  await using folder = await mkdtempDisposable(join(tmpdir(), 'onggi-rsyslog-'));
  await using server = new Rsyslog(folder.path);
  await server.start();
  await dockerOk('run', '-di', '--name', 'talker', '--log-driver', 'syslog', '--log-opt', 'syslog-address=tcp://127.0.0.1:5514', '--log-opt', 'tag=talk',
    'busybox', 'sh', '-c', 'i=0; while [ $i -lt 120 ]; do echo line $i; i=$((i+1)); sleep 0.05; done');
  await allOf(server, 10, 'talk');
  await server.stop();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await restartEngine('SIGKILL');
  await server.start();
  await dockerOk('wait', 'talker');
  const expected = Array.from({ length: 120 }, (_, index) => `line ${index}`);
  const got = await eventually('the last line', async () => {
    const lines = await allOf(server, 1, 'talk');
    return lines.includes('line 119') ? lines : undefined;
  });
  assert.deepEqual([...new Set(got)], expected);
  assert.equal(await dockerOk('logs', 'talker'), expected.join('\n'));
});

test('what rotation overtakes is told as an event', async () => {
  await using _gone = removing('fast');
  const since = String(Date.now() / 1000);
  await dockerOk('run', '-d', '--name', 'fast', '--log-driver', 'syslog', '--log-opt', 'syslog-address=tcp://127.0.0.1:5599',
    '--log-opt', 'cache-max-size=20k', '--log-opt', 'cache-max-file=2', 'busybox', 'sh', '-c', 'for i in $(seq 1000); do echo line $i; usleep 500; done');
  await dockerOk('wait', 'fast');
  await dockerOk('rm', 'fast');
  const events = await dockerOk('events', '--since', since, '--until', String(Date.now() / 1000 + 1), '--filter', 'event=log-loss', '--format', '{{json .Actor.Attributes}}');
  const first = JSON.parse(events.split('\n')[0] ?? '') as Record<string, string>;
  assert.deepEqual([first['name'], first['driver']], ['fast', 'syslog']);
  assert.match(first['lines'] ?? '', /^[1-9]\d*$/);
});

test('local keeps its log here, packed, and is shown as local', async () => {
  await using _gone = removing('own');
  await dockerOk('run', '--name', 'own', '--log-driver', 'local', '--log-opt', 'max-size=20k', '--log-opt', 'max-file=3', 'busybox',
    'sh', '-c', 'for i in $(seq 1000); do echo line $i; done');
  assert.equal(await dockerOk('inspect', '-f', '{{.HostConfig.LogConfig.Type}}:{{.LogPath}}:', 'own'), 'local::');
  assert.equal(await dockerOk('logs', '--tail', '3', 'own'), 'line 998\nline 999\nline 1000');
});

test('drivers and their options are refused as by dockerd', async () => {
  const refused = async (driver: string, option: string, message: string): Promise<void> => {
    const { code, stderr } = await docker('create', '--log-driver', driver, '--log-opt', option, 'busybox');
    assert.equal(code, 1, stderr);
    assert.ok(stderr.includes(message), stderr);
  };
  await refused('syslog', 'syslog-address=foo', "unsupported scheme: ''");
  await refused('syslog', 'max-size=1m', "unknown log opt 'max-size' for syslog log driver");
  await refused('local', 'tag=x', "unknown log opt 'tag' for log driver local");
});

test('daemon.json names the driver of containers that do not', { timeout: 60_000 }, async () => {
  await using _gone = removing('given');
  const file = join(process.env['ONGGI_SANDBOX'] ?? '', 'daemon.json');
  const before = await readFile(file, 'utf8');
  const lines: string[] = [];
  await using receiver = await StreamReceiver.listen((bytes) => {
    const end = bytes.lastIndexOf(0) + 1;
    for (const json of bytes.toString('utf8', 0, end).split('\0').slice(0, -1)) lines.push((JSON.parse(json) as { short_message: string }).short_message);
    return bytes.subarray(end);
  });
  try {
    await writeFile(file, JSON.stringify({ ...(JSON.parse(before) as object), 'log-driver': 'gelf', 'log-opts': { 'gelf-address': `tcp://127.0.0.1:${receiver.port}` } }));
    await restartEngine('SIGTERM');
    assert.equal(await dockerOk('info', '-f', '{{.LoggingDriver}} {{.Plugins.Log}}'), 'gelf [fluentd gelf journald json-file local splunk syslog]');
    assert.equal(await dockerOk('run', '--name', 'given', 'busybox', 'echo', 'hello'), 'hello');
    assert.equal(await dockerOk('inspect', '-f', '{{.HostConfig.LogConfig.Type}}', 'given'), 'gelf');
    await eventually('the line', async () => lines.includes('hello') || undefined);
    assert.equal(await dockerOk('logs', 'given'), 'hello');
  } finally {
    await writeFile(file, before);
    await restartEngine('SIGTERM');
  }
});

async function restartEngine(signal: NodeJS.Signals): Promise<void> {
  const pidFile = process.env['ONGGI_PIDFILE'] ?? '';
  const pid = Number(await readFile(pidFile, 'utf8'));
  process.kill(pid, signal);
  await eventually('the end of the engine', async () => (isThere(pid) ? undefined : true));
  const restarted = await run(process.env['ONGGI_RESTART'] ?? '', []);
  assert.equal(restarted.code, 0, restarted.stderr);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a start says what is wrong with a driver, and a receiver that is away does not hinder it', async () => {
  await using _gone = removing('wrong', 'away');
  const splunk = await docker('run', '--name', 'wrong', '--log-driver', 'splunk', '--log-opt', 'splunk-url=http://127.0.0.1:1', '--log-opt', 'splunk-token=t', 'busybox', 'true');
  assert.equal(splunk.code, 125);
  assert.match(splunk.stderr, /failed to initialize logging driver: Options "http:\/\/127\.0\.0\.1:1\/services\/collector\/event\/1\.0": dial tcp 127\.0\.0\.1:1: connect: connection refused/);
  assert.equal(await dockerOk('run', '--name', 'away', '--log-driver', 'fluentd', '--log-opt', 'fluentd-address=127.0.0.1:1', 'busybox', 'echo', 'x'), 'x');
  assert.equal(await dockerOk('logs', 'away'), 'x');
});
