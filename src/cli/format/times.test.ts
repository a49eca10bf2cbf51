import assert from 'node:assert/strict';
import { afterEach, suite, test } from 'node:test';
import { parseTime, showRfc3339, showUnixTime, showWireTime } from './times.ts';

const before = process.env['TZ'];
afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

function inZone<T>(zone: string, act: () => T): T {
  process.env['TZ'] = zone;
  return act();
}

suite('times as Go shows them', () => {
  test('bear the short name of the zone', () => {
    assert.equal(inZone('UTC', () => showUnixTime(1_795_327_817)), '2026-11-22 06:10:17 +0000 UTC');
    assert.equal(inZone('Asia/Seoul', () => showUnixTime(1_795_327_817)), '2026-11-22 15:10:17 +0900 KST');
    assert.equal(inZone('America/New_York', () => showUnixTime(1_795_327_817)), '2026-11-22 01:10:17 -0500 EST');
    assert.equal(inZone('America/New_York', () => showUnixTime(1_783_000_000)), '2026-07-02 09:46:40 -0400 EDT');
  });

  test('of the wire keep their zone and their fraction', () => {
    assert.equal(inZone('UTC', () => showWireTime('2025-11-22T06:07:49.123456789Z')), '2025-11-22 06:07:49.123456789 +0000 UTC');
    assert.equal(inZone('UTC', () => showWireTime('2025-11-22T06:07:49.5+09:00')), '2025-11-22 06:07:49.5 +0900 +0900');
    assert.equal(inZone('Asia/Seoul', () => showWireTime('2025-11-22T06:07:49+09:00')), '2025-11-22 06:07:49 +0900 KST');
  });

  test('in RFC 3339 are those of the machine', () => {
    assert.equal(inZone('UTC', () => showRfc3339(0)), '1970-01-01T00:00:00Z');
    assert.equal(inZone('Asia/Seoul', () => showRfc3339(0)), '1970-01-01T09:00:00+09:00');
  });

  test("Go's zero time is no time", () => {
    assert.deepEqual([parseTime('0001-01-01T00:00:00Z'), parseTime(''), parseTime('nonsense'), parseTime('1970-01-01T00:00:01Z')], [undefined, undefined, undefined, 1000]);
  });
});
