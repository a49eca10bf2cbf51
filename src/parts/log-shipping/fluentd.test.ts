import assert from 'node:assert/strict';
import test from 'node:test';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entry } from '#parts/logs/testing.ts';
import { fluentd } from './fluentd.ts';
import { checkLogDriver } from './log-drivers.ts';
import { type Parse, StreamReceiver } from './receivers.testing.ts';
import { shipperContract } from './shipper.contract.ts';
import { SUBJECT, until } from './testing.ts';

type Value = string | number | [number, number] | Value[] | { [key: string]: Value };

/** Reads one MessagePack value as the specification has it; undefined where bytes are missing. */
function unpack(bytes: Buffer, from: number): { value: Value; end: number } | undefined {
  let at = from;
  const take = (count: number): number => {
    if (at + count > bytes.length) throw new RangeError('short');
    at += count;
    return at - count;
  };
  const text = (length: number): string => bytes.toString('utf8', take(length), at);
  const list = (length: number): Value[] => Array.from({ length }, read);
  const map = (length: number): Value => Object.fromEntries(Array.from({ length }, () => [read() as string, read()]));
  function read(): Value {
    const type = bytes[take(1)] ?? 0;
    if (type < 0x80) return type;
    if (type < 0x90) return map(type & 0xf);
    if (type < 0xa0) return list(type & 0xf);
    if (type < 0xc0) return text(type & 0x1f);
    switch (type) {
      case 0xce: return bytes.readUInt32BE(take(4));
      case 0xd9: return text(bytes[take(1)] ?? 0);
      case 0xda: return text(bytes.readUInt16BE(take(2)));
      case 0xdb: return text(bytes.readUInt32BE(take(4)));
      case 0xde: return map(bytes.readUInt16BE(take(2)));
      case 0xdd: return list(bytes.readUInt32BE(take(4)));
      case 0xd7: {
        assert.equal(bytes[take(1)], 0);
        return [bytes.readUInt32BE(take(4)), bytes.readUInt32BE(take(4))];
      }
      default: throw new Error(`type ${type}`);
    }
  }
  try {
    return { value: read(), end: at };
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

type Message = [string, [Value, { log: string }][], { chunk?: string; size: number }];

/** A receiver of the forward protocol; it acknowledges where it is asked to. */
function forward(take: (message: Message, lines: string[]) => void, acknowledges = true): Parse {
  return (bytes, lines, reply) => {
    let rest = bytes;
    for (let one = unpack(rest, 0); one && rest.length > 0; one = unpack(rest, 0)) {
      const message = one.value as unknown as Message;
      assert.equal(message[2].size, message[1].length);
      take(message, lines);
      const { chunk } = message[2];
      if (chunk !== undefined && acknowledges) reply(Buffer.concat([Buffer.of(0x81, 0xa3), Buffer.from('ack'), Buffer.of(0xa0 | chunk.length), Buffer.from(chunk)]));
      rest = rest.subarray(one.end);
      if (rest.length === 0) break;
    }
    return rest;
  };
}

const texts = (message: Message, lines: string[]): void => void lines.push(...message[1].map(([, record]) => record.log));

for (const ack of ['false', 'true']) {
  shipperContract({
    name: `fluentd over tcp, acknowledged ${ack}`,
    receiver: () => StreamReceiver.listen(forward(texts)),
    shipper: (receiver) => fluentd.open({ 'fluentd-address': `127.0.0.1:${(receiver as StreamReceiver).port}`, 'fluentd-request-ack': ack }, SUBJECT),
  });
}

const folder = await mkdtempDisposable(join(tmpdir(), 'onggi-fluentd-'));
test.after(() => folder.remove());
let sockets = 0;
shipperContract({
  name: 'fluentd over a unix stream',
  receiver: () => StreamReceiver.listen(forward(texts), { path: join(folder.path, `s${++sockets}`) }),
  shipper: () => fluentd.open({ 'fluentd-address': `unix://${join(folder.path, `s${sockets}`)}` }, SUBJECT),
});

test('records have the fields that dockerd gives, long lines their pieces', { timeout: 20_000 }, async () => {
  await using receiver = await StreamReceiver.listen(forward((message, lines) => lines.push(JSON.stringify(message))));
  await using shipper = fluentd.open({ 'fluentd-address': `tcp://127.0.0.1:${receiver.port}`, tag: 'app.{{.Name}}', labels: 'tier', 'fluentd-sub-second-precision': 'true' }, SUBJECT);
  const time = '2026-01-02T03:04:05.12Z';
  await shipper.ship([entry('whole\n', { time }), entry('first ', { time, source: 'stderr' }), entry('rest\n', { time, source: 'stderr' })], AbortSignal.timeout(5000));
  await until(() => receiver.lines.length > 0);
  const [tag, entries] = JSON.parse(receiver.lines[0] ?? '') as [string, [Value, Record<string, string>][]];
  const base = { container_id: SUBJECT.id, container_name: '/web', tier: 'front' };
  const at = [1767323045, 120_000_000];
  const id = entries[1]?.[1]['partial_id'];
  assert.equal(tag, 'app.web');
  assert.match(id ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(entries, [
    [at, { ...base, source: 'stdout', log: 'whole' }],
    [at, { ...base, source: 'stderr', log: 'first ', partial_message: 'true', partial_id: id, partial_ordinal: '1', partial_last: 'false' }],
    [at, { ...base, source: 'stderr', log: 'rest', partial_message: 'true', partial_id: id, partial_ordinal: '2', partial_last: 'true' }],
  ]);
});

test('what create refuses of fluentd is in the words of dockerd', () => {
  const cases: readonly [Record<string, string>, string][] = [
    [{ x: 'y' }, "unknown log opt 'x' for fluentd log driver"],
    [{ 'fluentd-async-connect': 'true' }, "unknown log opt 'fluentd-async-connect' for fluentd log driver"],
    [{ 'fluentd-address': 'foo://a' }, "invalid fluentd-address (foo://a): unsupported scheme: 'foo'"],
    [{ 'fluentd-address': '127.0.0.1:abc' }, 'invalid fluentd-address (127.0.0.1:abc): parse "tcp://127.0.0.1:abc": invalid port ":abc" after host'],
    [{ 'fluentd-address': '127.0.0.1:1/x' }, 'invalid fluentd-address (127.0.0.1:1/x): should not contain a path element'],
    [{ 'fluentd-address': 'unix://' }, 'invalid fluentd-address (unix://): path is empty'],
    [{ 'fluentd-async': 'maybe' }, 'strconv.ParseBool: parsing "maybe": invalid syntax'],
    [{ 'fluentd-buffer-limit': 'abc' }, "invalid size: 'abc'"],
    [{ 'fluentd-retry-wait': 'abc' }, 'time: invalid duration "abc"'],
    [{ 'fluentd-max-retries': '-1' }, 'strconv.ParseUint: parsing "-1": invalid syntax'],
    [{ 'fluentd-request-ack': 'maybe' }, 'strconv.ParseBool: parsing "maybe": invalid syntax'],
    [{ 'fluentd-async-reconnect-interval': 'abc' }, 'invalid value for fluentd-async-reconnect-interval: time: invalid duration "abc"'],
    [{ 'fluentd-async-reconnect-interval': '1ms' }, 'invalid value for fluentd-async-reconnect-interval: value ("1ms") must be between 100ms and 10s'],
    [{ 'fluentd-async-reconnect-interval': '20s' }, 'invalid value for fluentd-async-reconnect-interval: value ("20s") must be between 100ms and 10s'],
    [{ 'fluentd-write-timeout': 'abc' }, 'invalid value for fluentd-write-timeout: value must be a duration: time: invalid duration "abc"'],
    [{ 'fluentd-write-timeout': '-1s' }, 'invalid value for fluentd-write-timeout: value must be a duration that is non-negative'],
  ];
  for (const [options, message] of cases) assert.throws(() => checkLogDriver('fluentd', options), { kind: 'invalid', message });
  for (const address of ['tcp://127.0.0.1', '127.0.0.1:1', 'tls://127.0.0.1:1', 'unix:///nope.sock']) checkLogDriver('fluentd', { 'fluentd-address': address });
});
