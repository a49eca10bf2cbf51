import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { UnixDatagramSocket } from '#parts/host/unix-datagram.ts';
import { checkLogDriver, verifyLogging } from './log-drivers.ts';
import { StreamReceiver, UdpReceiver } from './receivers.testing.ts';
import { shipperContract } from './shipper.contract.ts';
import { syslog } from './syslog.ts';
import { syslogMessage } from './syslog-message.ts';
import { SUBJECT } from './testing.ts';

const HEAD = /^<\d+>.*?\[\d+\]: /s;

/** Messages that end with a newline. */
function byLine(bytes: Buffer, lines: string[]): Buffer {
  const end = bytes.lastIndexOf(0x0a) + 1;
  for (const message of bytes.toString('utf8', 0, end).split('\n').slice(0, -1)) lines.push(message.replace(HEAD, ''));
  return bytes.subarray(end);
}

/** Messages behind their length (RFC 5425). */
function byCount(bytes: Buffer, lines: string[]): Buffer {
  for (let rest = bytes; ; ) {
    const [, count] = /^(\d+) /.exec(rest.toString('latin1', 0, 12)) ?? [];
    if (count === undefined || rest.length < count.length + 1 + Number(count)) return rest;
    const message = rest.toString('utf8', count.length + 1, count.length + 1 + Number(count));
    lines.push(message.replace(/^<\d+>1 (\S+ ){5}- /, '').replace(/\n$/, ''));
    rest = rest.subarray(count.length + 1 + Number(count));
  }
}

shipperContract({
  name: 'syslog over tcp',
  receiver: () => StreamReceiver.listen(byLine),
  shipper: (receiver) => syslog.open({ 'syslog-address': `tcp://127.0.0.1:${(receiver as StreamReceiver).port}` }, SUBJECT),
});

shipperContract({
  name: 'syslog over udp',
  receiver: () => UdpReceiver.listen(byLine),
  shipper: (receiver) => syslog.open({ 'syslog-address': `udp://127.0.0.1:${(receiver as UdpReceiver).port}` }, SUBJECT),
});

const folder = await mkdtempDisposable(join(tmpdir(), 'onggi-syslog-'));
test.after(() => folder.remove());
const at = (name: string): string => join(folder.path, name);
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
  '-keyout', at('key.pem'), '-out', at('cert.pem')], { stdio: 'ignore' });
const [key, cert] = [await readFile(at('key.pem')), await readFile(at('cert.pem'))];

shipperContract({
  name: 'syslog over tls',
  receiver: () => StreamReceiver.listen(byCount, { tls: { key, cert, ca: cert, requestCert: true } }),
  shipper: (receiver) =>
    syslog.open({
      'syslog-address': `tcp+tls://localhost:${(receiver as StreamReceiver).port}`, 'syslog-format': 'rfc5424micro',
      'syslog-tls-ca-cert': at('cert.pem'), 'syslog-tls-cert': at('cert.pem'), 'syslog-tls-key': at('key.pem'),
    }, SUBJECT),
});

let sockets = 0;
shipperContract({
  name: 'syslog over a unix stream',
  receiver: () => StreamReceiver.listen(byLine, { path: at(`stream${++sockets}`) }),
  shipper: () => syslog.open({ 'syslog-address': `unix://${at(`stream${sockets}`)}` }, SUBJECT),
});

test('a server whose certificate nobody vouches for gets nothing, unless told to skip that', async () => {
  await using receiver = await StreamReceiver.listen(byLine, { tls: { key, cert } });
  const address = { 'syslog-address': `tcp+tls://localhost:${receiver.port}` };
  const line = [{ source: 'stdout', time: '2026-01-02T03:04:05Z', line: Buffer.from('x\n'), attrs: undefined }] as const;
  await using strict = syslog.open(address, SUBJECT);
  await assert.rejects(strict.ship(line, AbortSignal.timeout(5000)), /self-signed certificate/);
  await using lax = syslog.open({ ...address, 'syslog-tls-skip-verify': 'true' }, SUBJECT);
  await lax.ship(line, AbortSignal.timeout(5000));
});

test('messages look as dockerd writes them', () => {
  const message = { source: 'stderr', time: '2026-01-02T03:04:05.123456789Z', text: Buffer.from('hello') } as const;
  const base = { facility: 3, tag: 'web', hostname: 'h', pid: 7, counted: false } as const;
  const zone = process.env['TZ'];
  process.env['TZ'] = 'UTC';
  assert.equal(String(syslogMessage({ ...base, format: 'unix' }, message)), '<27>Jan  2 03:04:05 web[7]: hello\n');
  assert.equal(String(syslogMessage({ ...base, format: 'rfc3164' }, { ...message, source: 'stdout' })), '<30>Jan  2 03:04:05 h web[7]: hello\n');
  assert.equal(String(syslogMessage({ ...base, format: 'rfc5424' }, message)), '<27>1 2026-01-02T03:04:05Z h web 7 web - hello\n');
  assert.equal(String(syslogMessage({ ...base, format: 'rfc5424micro' }, message)), '<27>1 2026-01-02T03:04:05.123456Z h web 7 web - hello\n');
  assert.equal(String(syslogMessage({ ...base, format: 'rfc5424', counted: true }, message)), '47 <27>1 2026-01-02T03:04:05Z h web 7 web - hello\n');
  process.env['TZ'] = 'Asia/Seoul';
  assert.equal(String(syslogMessage({ ...base, format: 'rfc5424' }, message)), '<27>1 2026-01-02T12:04:05+09:00 h web 7 web - hello\n');
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test('what create and start refuse of syslog is in the words of dockerd', async () => {
  const address = 'udp://127.0.0.1:514';
  const cases: readonly [Record<string, string>, string][] = [
    [{ x: 'y' }, "unknown log opt 'x' for syslog log driver"],
    [{ 'max-size': '10m' }, "unknown log opt 'max-size' for syslog log driver"],
    [{ 'syslog-address': 'foo' }, "unsupported scheme: ''"],
    [{ 'syslog-address': 'http://a:1' }, "unsupported scheme: 'http'"],
    [{ 'syslog-address': 'unix:///nope' }, 'stat /nope: no such file or directory'],
    [{ 'syslog-address': 'tcp://127.0.0.1:abc' }, 'parse "tcp://127.0.0.1:abc": invalid port ":abc" after host'],
    [{ 'syslog-address': '://' }, 'parse "://": missing protocol scheme'],
    [{ 'syslog-facility': 'foo' }, 'invalid syslog facility'],
    [{ 'syslog-facility': '24' }, 'invalid syslog facility'],
    [{ 'syslog-format': 'foo' }, 'Invalid syslog format'],
    [{ 'cache-disabled': 'maybe' }, 'invalid value for option cache-disabled: maybe'],
  ];
  for (const [options, message] of cases) assert.throws(() => checkLogDriver('syslog', options), { kind: 'invalid', message });
  for (const facility of ['23', 'local7', 'kern']) checkLogDriver('syslog', { 'syslog-facility': facility, 'syslog-address': address, 'cache-max-size': 'abc' });
  const before = 'failed to create task for container: failed to initialize logging driver: ';
  const starts: readonly [Record<string, string>, string, string][] = [
    [{ 'syslog-tls-ca-cert': '/nope', 'syslog-address': 'tcp+tls://a' }, 'invalid', 'could not read CA certificate "/nope": open /nope: no such file or directory'],
    [{ 'syslog-tls-cert': '/nope', 'syslog-tls-key': '/n', 'syslog-address': 'tcp+tls://a' }, 'invalid', 'Could not load X509 key pair: open /nope: no such file or directory'],
    [{ tag: '{{.Nope}}', 'syslog-address': address }, 'internal', `template: log-tag:1:2: executing "log-tag" at <.Nope>: can't evaluate field Nope in type *logger.Info`],
    [{ tag: '{{', 'syslog-address': address }, 'internal', 'template: log-tag:1: unclosed action'],
  ];
  for (const [options, kind, message] of starts) await assert.rejects(verifyLogging('syslog', options, SUBJECT), { kind, message: before + message });
});

test('a datagram socket says whether its receiver is there', () => {
  assert.throws(() => new UnixDatagramSocket(at('nobody')), { code: 'ENOENT' });
});
