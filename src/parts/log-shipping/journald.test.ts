import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { entry } from '#parts/logs/testing.ts';
import { journaldAt } from './journald.ts';
import { checkLogDriver } from './log-drivers.ts';
import { UnixDatagramReceiver } from './receivers.testing.ts';
import { shipperContract } from './shipper.contract.ts';
import { syslog } from './syslog.ts';
import { SUBJECT, until } from './testing.ts';

/** The fields of one datagram (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). */
function fieldsOf(bytes: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf(0x0a);
    const line = rest.toString('utf8', 0, end);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      fields[line.slice(0, equals)] = line.slice(equals + 1);
      rest = rest.subarray(end + 1);
    } else {
      const length = Number(rest.readBigUInt64LE(end + 1));
      fields[line] = rest.toString('utf8', end + 9, end + 9 + length);
      rest = rest.subarray(end + 9 + length + 1);
    }
  }
  return fields;
}

const folder = await mkdtempDisposable(join(tmpdir(), 'onggi-journald-'));
test.after(() => folder.remove());
let sockets = 0;
const nextSocket = (): string => join(folder.path, `s${++sockets}`);
const socketNow = (): string => join(folder.path, `s${sockets}`);

shipperContract({
  name: 'journald',
  receiver: () => UnixDatagramReceiver.listen((bytes, lines) => {
    lines.push(fieldsOf(bytes)['MESSAGE'] ?? '');
    return bytes;
  }, nextSocket()),
  shipper: () => journaldAt(socketNow()).open({}, SUBJECT),
});

shipperContract({
  name: 'syslog over unix datagrams',
  receiver: () => UnixDatagramReceiver.listen((bytes, lines) => {
    lines.push(bytes.toString().replace(/^<\d+>.*?\[\d+\]: /s, '').replace(/\n$/, ''));
    return bytes;
  }, nextSocket()),
  shipper: () => syslog.open({ 'syslog-address': `unixgram://${socketNow()}` }, SUBJECT),
});

test('entries have the fields that dockerd gives', { timeout: 20_000 }, async () => {
  await using receiver = await UnixDatagramReceiver.listen((bytes, lines) => {
    lines.push(JSON.stringify(fieldsOf(bytes)));
    return bytes;
  }, nextSocket());
  await using shipper = journaldAt(socketNow()).open({ tag: 't', labels: 'x-y', env: 'STAGE' }, { ...SUBJECT, env: ['STAGE=a\nb'] });
  const time = '2026-01-02T03:04:05.5Z';
  await shipper.ship([entry('whole\n', { time }), entry('first', { time, source: 'stderr' }), entry(' rest\n', { time, source: 'stderr' })], AbortSignal.timeout(5000));
  await until(() => receiver.lines.length === 3);
  const [whole, first, rest] = receiver.lines.map((line) => JSON.parse(line) as Record<string, string>);
  const base = {
    CONTAINER_ID: 'ffffffffffff', CONTAINER_ID_FULL: SUBJECT.id, CONTAINER_NAME: 'web', CONTAINER_TAG: 't', IMAGE_NAME: 'nginx',
    SYSLOG_IDENTIFIER: 't', SYSLOG_TIMESTAMP: time, X_Y: '1', STAGE: 'a\nb',
  };
  assert.deepEqual(whole, { ...base, MESSAGE: 'whole', PRIORITY: '6' });
  const id = first?.['CONTAINER_PARTIAL_ID'] ?? '';
  assert.deepEqual(first, { ...base, MESSAGE: 'first', PRIORITY: '3', CONTAINER_PARTIAL_MESSAGE: 'true', CONTAINER_PARTIAL_ID: id, CONTAINER_PARTIAL_ORDINAL: '1', CONTAINER_PARTIAL_LAST: 'false' });
  assert.deepEqual(rest, { ...base, MESSAGE: ' rest', PRIORITY: '3', CONTAINER_PARTIAL_ID: id, CONTAINER_PARTIAL_ORDINAL: '2', CONTAINER_PARTIAL_LAST: 'true' });
});

test('what create and start refuse of journald is in the words of dockerd', () => {
  assert.throws(() => checkLogDriver('journald', { x: 'y' }), { kind: 'invalid', message: "unknown log opt 'x' for journald log driver" });
  checkLogDriver('journald', { tag: 'x', 'labels-regex': '^a' });
  assert.throws(() => journaldAt('/nope').open({}, SUBJECT), /^Error: journald is not enabled on this host$/);
});
