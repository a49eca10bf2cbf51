import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compareNatural } from './natural-order.ts';
import { ellipsis, shortId } from './short-text.ts';
import { alignColumns } from './table.ts';

suite('columns', () => {
  test('are as wide as their widest cell and three spaces, ten at least', () => {
    assert.equal(alignColumns('A\tB\nlonger than ten\tx\n'), 'A                 B\nlonger than ten   x\n');
    assert.equal(alignColumns('A\tB\tC\n1\t2\t3\n'), 'A         B         C\n1         2         3\n');
  });

  test('end where a line has no cell in them', () => {
    assert.equal(alignColumns('a\tb\nlonely line\nlonger than ten\tb\n'), 'a         b\nlonely line\nlonger than ten   b\n');
  });

  test('do not count the last cell of a line', () => {
    assert.equal(alignColumns('a\ta very long last cell\nb\tc\td\n'), 'a         a very long last cell\nb         c         d\n');
  });

  test('keep the spaces of an empty last cell away, and those of an empty cell before it', () => {
    assert.equal(alignColumns('a\t\n\tb\n'), 'a         \n          b\n');
  });

  test('give Korean letters two places', () => {
    assert.equal(alignColumns('이름\t상태\n한글컨테이너\t실행\n'), '이름           상태\n한글컨테이너   실행\n');
  });
});

suite('short texts', () => {
  test('an id is twelve digits without its algorithm', () => {
    assert.deepEqual([shortId(`sha256:${'ab'.repeat(32)}`), shortId('abc'), shortId('<missing>')], ['abababababab', 'abc', '<missing>']);
  });

  test('what is too long ends in an ellipsis that counts', () => {
    assert.deepEqual(['nginx', 'exactly ten', '', 'xy'].map((text) => ellipsis(text, 10)), ['nginx', 'exactly t…', '', 'xy']);
    assert.deepEqual([ellipsis('abc', 1), ellipsis('abc', 0), ellipsis('한글입니다', 5), ellipsis('한글입니다', 10)], ['a', '', '한글…', '한글입니다']);
  });

  test('names are sorted with their numbers as numbers', () => {
    assert.deepEqual(['web10', 'web9', 'api', 'web', 'web09', 'b2c10', 'b2c9'].toSorted(compareNatural), ['api', 'b2c9', 'b2c10', 'web', 'web09', 'web9', 'web10']);
  });
});
