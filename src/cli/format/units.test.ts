import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { binarySize, humanDuration, humanSize, parseBinarySize, parseDecimalSize } from './units.ts';

suite('sizes', () => {
  test('are shown with four digits in powers of 1000', () => {
    const shown = [0, 1, 999, 1000, 1024, 1500, 2746, 1_000_000, 12_345_678, 999_999_999, 1e12, 2.5e15].map((bytes) => humanSize(bytes));
    assert.deepEqual(shown, ['0B', '1B', '999B', '1kB', '1.024kB', '1.5kB', '2.746kB', '1MB', '12.35MB', '1000MB', '1TB', '2.5PB']);
  });

  test('may have fewer digits, even an exponent where go-units has one', () => {
    assert.deepEqual([142_345_678, 999_999, 1_234_567, 54].map((bytes) => humanSize(bytes, 3)), ['142MB', '1e+03kB', '1.23MB', '54B']);
  });

  test('round what lies halfway to the even digit', () => {
    assert.deepEqual([1_125_000, 1_135_000].map((bytes) => humanSize(bytes, 3)), ['1.12MB', '1.14MB']);
  });

  test('may be negative, as a difference can be', () => {
    assert.equal(humanSize(-500), '-500B');
  });

  test('are shown in powers of 1024 for memory', () => {
    assert.deepEqual([0, 1024, 536_870_912, 8_345_678_901].map(binarySize), ['0B', '1KiB', '512MiB', '7.773GiB']);
  });

  const read: readonly (readonly [string, number])[] = [
    ['0', 0], ['32', 32], ['32b', 32], ['32B', 32], ['32k', 32_768], ['32K', 32_768], ['32kb', 32_768], ['32Kb', 32_768], ['32KiB', 32_768],
    ['512m', 536_870_912], ['1g', 1_073_741_824], ['1.5g', 1_610_612_736], ['1t', 2 ** 40], ['1p', 2 ** 50], ['32.3', 32], ['32 m', 33_554_432],
    ['.5k', 512], ['1e3', 1000], ['0.7 kb', 716],
  ];
  for (const [text, bytes] of read) test(`${text} is ${bytes} bytes`, () => assert.equal(parseBinarySize(text), bytes));

  test('may be in powers of 1000', () => {
    assert.deepEqual(['32kb', '1.5MB', '10m', '7'].map(parseDecimalSize), [32_000, 1_500_000, 10_000_000, 7]);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['', "invalid size: ''"], ['hello', "invalid size: 'hello'"], ['-32', "invalid size: '-32'"], ['32x', "invalid suffix: 'x'"],
    ['32mm', "invalid suffix: 'mm'"], ['32bb', "invalid suffix: 'bb'"], ['32kbb', "invalid suffix: 'kbb'"], ['.', 'strconv.ParseFloat: parsing ".": invalid syntax'],
    ['1..2k', 'strconv.ParseFloat: parsing "1..2": invalid syntax'], [' 32 ', 'strconv.ParseFloat: parsing " 32": invalid syntax'],
  ];
  for (const [text, message] of refused) {
    test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parseBinarySize(text), { message }));
  }
});

suite('durations in words', () => {
  const second = 1000;
  const hour = 3_600_000;
  const day = 24 * hour;
  const words: readonly (readonly [number, string])[] = [
    [450, 'Less than a second'], [second, '1 second'], [45 * second, '45 seconds'], [60 * second, 'About a minute'], [119 * second, 'About a minute'],
    [3 * 60 * second, '3 minutes'], [59 * 60 * second, '59 minutes'], [hour, 'About an hour'], [1.4 * hour, 'About an hour'], [1.5 * hour, '2 hours'],
    [47 * hour, '47 hours'], [2 * day, '2 days'], [13 * day, '13 days'], [14 * day, '2 weeks'], [59 * day, '8 weeks'], [60 * day, '2 months'],
    [729 * day, '24 months'], [730 * day, '2 years'], [3.9 * 365 * day, '3 years'], [-5, 'Less than a second'],
  ];
  for (const [ms, text] of words) test(`${ms} ms are ${text}`, () => assert.equal(humanDuration(ms), text));
});
