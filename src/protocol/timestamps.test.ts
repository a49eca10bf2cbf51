import assert from 'node:assert/strict';
import test from 'node:test';
import { formatGoTime, parseGoDuration, parseUnixTimestamp, toUnixTimestamp } from './timestamps.ts';

test('unix times keep their nanoseconds', () => {
  assert.equal(parseUnixTimestamp('1795327462.018469592'), 1_795_327_462_018_469_592n);
  assert.equal(parseUnixTimestamp('1795327200.5'), 1_795_327_200_500_000_000n);
  assert.equal(parseUnixTimestamp('0'), 0n);
  assert.equal(parseUnixTimestamp('-1'), -1_000_000_000n);
});

test('what is not a number is refused with the words of Go’s strconv', () => {
  for (const text of ['abc', '', '10m', '2026-11-22T06:00:00Z']) {
    assert.throws(() => parseUnixTimestamp(text), {
      kind: 'internal',
      message: `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    });
  }
  assert.throws(() => parseUnixTimestamp('99999999999999999999'), /value out of range/);
});

test('a duration is so long ago, a date is a moment, a number stays', () => {
  const now = Date.UTC(2026, 0, 2);
  assert.equal(toUnixTimestamp('10m', now), String((now - 600_000) / 1000));
  assert.equal(toUnixTimestamp('1h30m10.5s', now), String(now / 1000 - 5411));
  assert.equal(toUnixTimestamp('2026-01-02T03:04:05.000000006Z', 0), `${Date.UTC(2026, 0, 2, 3, 4, 5) / 1000}.000000006`);
  assert.equal(toUnixTimestamp('2026-01-02T03:04:05+09:00', 0), `${Date.UTC(2026, 0, 1, 18, 4, 5) / 1000}.000000000`);
  assert.equal(toUnixTimestamp('2026-01-02Z', 0), `${now / 1000}.000000000`);
  assert.equal(toUnixTimestamp('1136073600.000000001', 0), '1136073600.000000001');
  assert.throws(() => toUnixTimestamp('yesterday', 0), /failed to parse value as time or duration: "yesterday"/);
});

test('Go durations', () => {
  assert.equal(parseGoDuration('1.5h'), 5_400_000_000_000n);
  assert.equal(parseGoDuration('-10ms'), -10_000_000n);
  assert.equal(parseGoDuration('0'), 0n);
  assert.equal(parseGoDuration('2us3ns'), 2003n);
  for (const text of ['', '10', 'm', '1x', '1 h']) assert.equal(parseGoDuration(text), undefined, text);
});

test('times on the wire have no zeros at the end of their fraction', () => {
  assert.equal(formatGoTime(new Date('2026-01-02T03:04:05.670Z')), '2026-01-02T03:04:05.67Z');
  assert.equal(formatGoTime(new Date('2026-01-02T03:04:00.000Z')), '2026-01-02T03:04:00Z');
  assert.equal(formatGoTime(null), '0001-01-01T00:00:00Z');
});
