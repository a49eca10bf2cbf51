import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync, inflateSync } from 'node:zlib';
import { entry } from '#parts/logs/testing.ts';
import { gelf } from './gelf.ts';
import { checkLogDriver } from './log-drivers.ts';
import { type Parse, StreamReceiver, UdpReceiver } from './receivers.testing.ts';
import { shipperContract } from './shipper.contract.ts';
import { SUBJECT, until } from './testing.ts';

const textOf = (json: Buffer): string => (JSON.parse(json.toString()) as { short_message: string }).short_message;

const byZero: Parse = (bytes, lines) => {
  let rest = bytes;
  for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
    lines.push(textOf(rest.subarray(0, end)));
    rest = rest.subarray(end + 1);
  }
  return rest;
};

/** Joins chunks and unpacks. */
function byDatagram(take: (json: Buffer, lines: string[]) => void): Parse {
  const open = new Map<string, Buffer[]>();
  return (bytes, lines) => {
    let whole = bytes;
    if (bytes.readUInt16BE(0) === 0x1e0f) {
      assert.ok(bytes.length <= 1420);
      const id = bytes.toString('hex', 2, 10);
      const parts = open.get(id) ?? [];
      open.set(id, parts);
      parts[bytes[10] ?? 0] = bytes.subarray(12);
      if (parts.filter(Boolean).length < (bytes[11] ?? 0)) return bytes;
      open.delete(id);
      whole = Buffer.concat(parts);
    }
    take(whole[0] === 0x1f ? gunzipSync(whole) : whole[0] === 0x78 ? inflateSync(whole) : whole, lines);
    return bytes;
  };
}

shipperContract({
  name: 'gelf over tcp',
  receiver: () => StreamReceiver.listen(byZero),
  shipper: (receiver) => gelf.open({ 'gelf-address': `tcp://127.0.0.1:${(receiver as StreamReceiver).port}` }, SUBJECT),
});

for (const type of ['gzip', 'zlib', 'none']) {
  shipperContract({
    name: `gelf over udp, ${type}`,
    receiver: () => UdpReceiver.listen(byDatagram((json, lines) => lines.push(textOf(json)))),
    shipper: (receiver) => gelf.open({ 'gelf-address': `udp://127.0.0.1:${(receiver as UdpReceiver).port}`, 'gelf-compression-type': type }, SUBJECT),
  });
}

test('gelf messages have the fields that dockerd gives, and empty lines are left out', async () => {
  await using receiver = await UdpReceiver.listen(byDatagram((json, lines) => lines.push(json.toString())));
  await using shipper = gelf.open({ 'gelf-address': `udp://127.0.0.1:${receiver.port}`, tag: 't/{{.Name}}', labels: 'tier', env: 'STAGE' }, SUBJECT);
  await shipper.ship([entry('\n'), entry('no end', { source: 'stderr', time: '2026-01-02T03:04:05.123456789Z' })], AbortSignal.timeout(5000));
  await until(() => receiver.lines.length > 0);
  assert.deepEqual(receiver.lines.map((line) => JSON.parse(line) as unknown), [{
    version: '1.1', host: 'host1', short_message: 'no end', timestamp: 1767323045.123, level: 3,
    _container_id: SUBJECT.id, _container_name: 'web', _image_id: SUBJECT.imageId, _image_name: 'nginx',
    _command: 'nginx -g daemon off;', _tag: 't/web', _created: '2026-01-02T03:04:05.000Z', _tier: 'front', _STAGE: 'test',
  }]);
});

test('what create refuses of gelf is in the words of dockerd', () => {
  const udp = { 'gelf-address': 'udp://127.0.0.1:12201' };
  const tcp = { 'gelf-address': 'tcp://127.0.0.1:12201' };
  const cases: readonly [Record<string, string>, string][] = [
    [{}, 'gelf-address is a required parameter'],
    [{ x: 'y' }, 'gelf-address is a required parameter'],
    [{ 'gelf-address': 'foo' }, 'gelf: endpoint needs to be TCP or UDP'],
    [{ 'gelf-address': 'http://a:1' }, 'gelf: endpoint needs to be TCP or UDP'],
    [{ 'gelf-address': 'udp://127.0.0.1' }, 'gelf: please provide gelf-address as proto://host:port'],
    [{ ...udp, x: 'y' }, "unknown log opt 'x' for gelf log driver"],
    [{ ...udp, 'gelf-compression-type': 'foo' }, 'unknown value "foo" for log opt "gelf-compression-type" for gelf log driver'],
    [{ ...udp, 'gelf-compression-level': '10' }, 'unknown value "10" for log opt "gelf-compression-level" for gelf log driver'],
    [{ ...udp, 'gelf-compression-level': '-2' }, 'unknown value "-2" for log opt "gelf-compression-level" for gelf log driver'],
    [{ ...udp, 'gelf-compression-level': 'abc' }, 'unknown value "abc" for log opt "gelf-compression-level" for gelf log driver'],
    [{ ...tcp, 'gelf-compression-type': 'gzip' }, 'compression is only supported on UDP'],
    [{ ...tcp, 'gelf-compression-level': '1' }, 'compression is only supported on UDP'],
    [{ ...udp, 'gelf-tcp-max-reconnect': '1' }, '"gelf-tcp-max-reconnect" is only valid for TCP'],
    [{ ...udp, 'gelf-tcp-reconnect-delay': '1' }, '"gelf-tcp-reconnect-delay" is only valid for TCP'],
    [{ ...tcp, 'gelf-tcp-max-reconnect': 'abc' }, '"gelf-tcp-max-reconnect" must be a positive integer'],
    [{ ...tcp, 'gelf-tcp-reconnect-delay': '-1' }, '"gelf-tcp-reconnect-delay" must be a positive integer'],
  ];
  for (const [options, message] of cases) assert.throws(() => checkLogDriver('gelf', options), { kind: 'invalid', message });
  checkLogDriver('gelf', { ...udp, 'gelf-compression-type': 'none', 'gelf-compression-level': '-1' });
});
