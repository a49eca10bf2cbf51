import assert from 'node:assert/strict';
import test from 'node:test';
import { chainIdsOf, digestOf, parseDigest, verifyDigest } from './digest.ts';

test('only whole sha256 digests in lower case are taken', () => {
  const hex = 'f'.repeat(64);
  assert.equal(parseDigest(`sha256:${hex}`), `sha256:${hex}`);
  assert.throws(() => parseDigest('sha256:abc'), /invalid checksum digest length/);
  assert.throws(() => parseDigest(`sha256:${'F'.repeat(64)}`), /invalid checksum digest format/);
  assert.throws(() => parseDigest(`sha512:${hex}${hex}`), /unsupported digest algorithm/);
  assert.throws(() => parseDigest('../../etc'), /invalid checksum digest format/);
});

test('a chain id depends on every layer below', () => {
  const [a, b] = [digestOf('a'), digestOf('b')];
  assert.deepEqual(chainIdsOf([]), []);
  assert.deepEqual(chainIdsOf([a, b]), [a, digestOf(`${a} ${b}`)]);
});

test('a wrong digest names both', () => {
  assert.throws(() => verifyDigest('blob', digestOf('a'), digestOf('b')), /blob: .*expected sha256:ca97.*found sha256:3e23/);
});
