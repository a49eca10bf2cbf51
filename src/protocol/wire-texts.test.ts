import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import test from 'node:test';
import { apiAtLeast, compareApiVersions } from './api-version.ts';
import { formatEvent, parseEvent } from './events.ts';
import { decodeFilters, encodeFilters } from './filters.ts';
import { RECORD_SEPARATOR, splitJsonLines } from './json-lines.ts';
import { decodePathStat, encodePathStat, goFileMode } from './path-stat.ts';
import { formatProgress, formatStreamError, progressBar } from './progress.ts';
import { decodeRegistryAuth, encodeRegistryAuth } from './registry-auth.ts';

test('API versions are compared as numbers', () => {
  assert.ok(compareApiVersions('1.9', '1.24') < 0);
  assert.equal(compareApiVersions('1.024', '1.24'), 0);
  assert.ok(apiAtLeast('2.1', '1.55'));
  assert.ok(!apiAtLeast('1', '1.24'));
});

test('both forms of filters are read', () => {
  assert.deepEqual([...decodeFilters('{"label":{"a=b":true,"c":true}}')], [['label', ['a=b', 'c']]]);
  assert.deepEqual([...decodeFilters('{"label":["a=b"],"id":[]}')], [['label', ['a=b']], ['id', []]]);
  for (const nothing of ['', 'null']) assert.equal(decodeFilters(nothing).size, 0);
  for (const bad of ['bad', '[]', '{"label":5}', '{"label":[5]}', '{"label":{"a":1}}']) {
    assert.throws(() => decodeFilters(bad), { kind: 'invalid', message: 'invalid filter' }, bad);
  }
  assert.equal(encodeFilters(new Map([['label', ['a', 'b']]])), '{"label":{"a":true,"b":true}}');
  assert.equal(encodeFilters(new Map()), '');
});

test('credentials survive the header, and what cannot be read is none', () => {
  const auth = { username: 'u', password: 'p?>~ä', serveraddress: 'localhost:5000' };
  assert.deepEqual(decodeRegistryAuth(encodeRegistryAuth(auth)), auth);
  assert.equal(encodeRegistryAuth({ username: 'a' }).length % 4, 0);
  assert.deepEqual(decodeRegistryAuth(encodeRegistryAuth({ auth: Buffer.from('me:pw:x').toString('base64') })), {
    auth: 'bWU6cHc6eA==', username: 'me', password: 'pw:x',
  });
  for (const bad of [undefined, '', 'zzz!', 'e30x', Buffer.from('[]').toString('base64url')]) assert.equal(decodeRegistryAuth(bad), undefined);
});

test('an event keeps the digits of its nanoseconds', () => {
  const event = {
    Type: 'container', Action: 'die', Actor: { ID: 'x', Attributes: { a: '"timeNano":1}' } }, scope: 'local' as const,
    time: 1_795_327_462, timeNano: 1_795_327_462_018_469_592n,
  };
  assert.ok(formatEvent(event).endsWith(',"time":1795327462,"timeNano":1795327462018469592}'));
  assert.deepEqual(parseEvent(formatEvent(event)), event);
});

test('JSON lines and sequences are split, also within a character', async () => {
  const bytes = Buffer.from(`{"a":"한"}\r\n\n${RECORD_SEPARATOR}{"b":1}\n{"c":2}`);
  const parts = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
  assert.deepEqual(await Array.fromAsync(splitJsonLines(Readable.from(parts))), ['{"a":"한"}', '{"b":1}', '{"c":2}']);
  await assert.rejects(Array.fromAsync(splitJsonLines(Readable.from(['x'.repeat(100)]), 50)), RangeError);
});

test('a path’s facts survive their header', () => {
  const stat = { name: 'tmp', size: 4096, mode: goFileMode(0o041777), mtime: '2026-01-02T03:04:05Z', linkTarget: '' };
  assert.equal(stat.mode, 2 ** 31 + 2 ** 20 + 0o777);
  assert.deepEqual(decodePathStat(encodePathStat(stat)), stat);
  assert.equal(goFileMode(0o104755), 2 ** 23 + 0o755);
});

test('progress is Docker’s', () => {
  assert.equal(formatProgress({ status: 'Downloading', progressDetail: { current: 1, total: 2 }, id: 'a' }), '{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"a"}\r\n');
  assert.equal(formatStreamError('no'), '{"errorDetail":{"message":"no"},"error":"no"}\r\n');
  assert.equal(progressBar(524_288, 1_048_576), `[${'='.repeat(25)}>${' '.repeat(25)}]  524.3kB/1.049MB`);
  assert.equal(progressBar(7, 5), '      7B');
  assert.equal(progressBar(5, 5), `[${'='.repeat(50)}>]       5B/5B`);
});
