import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatDuration, parseDuration } from './durations.ts';

suite("Go's durations", () => {
  const both: readonly (readonly [string, number])[] = [
    ['0s', 0], ['1ns', 1], ['1.1µs', 1100], ['2.2ms', 2_200_000], ['3.3s', 3.3e9], ['4m5s', 245e9], ['4m5.001s', 245_001e6],
    ['5h6m7.001s', 18_367_001e6], ['8m0.000000001s', 480_000_000_001], ['1h30m0s', 5400e9], ['-1.5s', -1.5e9], ['250ms', 250e6],
  ];
  for (const [text, ns] of both) {
    test(`${text} is read and written`, () => {
      assert.equal(parseDuration(text), ns);
      assert.equal(formatDuration(ns), text);
    });
  }

  const read: readonly (readonly [string, number])[] = [
    ['0', 0], ['+5s', 5e9], ['1.5h', 5400e9], ['.5s', 0.5e9], ['1.s', 1e9], ['10us', 10_000], ['10μs', 10_000], ['1h1h', 7200e9], ['90m', 5400e9],
    ['0.1000000000000000000000s', 1e8],
  ];
  for (const [text, ns] of read) test(`${text} is read`, () => assert.equal(parseDuration(text), ns));

  const refused: readonly (readonly [string, string])[] = [
    ['', 'time: invalid duration ""'], ['3', 'time: missing unit in duration "3"'], ['-', 'time: invalid duration "-"'], ['s', 'time: invalid duration "s"'],
    ['.', 'time: invalid duration "."'], ['.s', 'time: invalid duration ".s"'], ['1x', 'time: unknown unit "x" in duration "1x"'],
    ['1h3', 'time: missing unit in duration "1h3"'], ['1 s', 'time: unknown unit " s" in duration "1 s"'], ['99999999h', 'time: invalid duration "99999999h"'],
  ];
  for (const [text, message] of refused) {
    test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parseDuration(text), { message }));
  }
});
