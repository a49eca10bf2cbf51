import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

const plain = (header: string | undefined) => parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }));

test('a bearer challenge gives realm, service and scope', () => {
  assert.deepEqual(plain('Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"'), [
    { scheme: 'bearer', realm: 'https://auth.example/token', service: 'r.example', scope: 'repository:a/b:pull,push' },
  ]);
});

test('several challenges share one header, quotes may be escaped or missing', () => {
  assert.deepEqual(plain('Basic realm="a \\"b\\"" , Bearer realm=x, service = y'), [
    { scheme: 'basic', realm: 'a "b"' },
    { scheme: 'bearer', realm: 'x', service: 'y' },
  ]);
});

test('what does not follow the grammar ends the reading and hangs nothing', () => {
  assert.deepEqual(plain(undefined), []);
  assert.deepEqual(plain('=,=,='), []);
  assert.deepEqual(plain('Bearer realm="never closed'), [{ scheme: 'bearer' }]);
  assert.equal(parseChallenges('a '.repeat(100_000)).length <= 4096, true);
});

test('any header is read without a failure, and what is well-formed comes back', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (header) => Array.isArray(parseChallenges(header))));
  const token = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(token, fc.dictionary(token, fc.string({ maxLength: 20 }), { maxKeys: 5, noNullPrototype: true }), (scheme, parameters) => {
      const header = `${scheme} ${Object.entries(parameters).map(([name, value]) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`).join(', ')}`;
      assert.deepEqual(plain(header), [{ scheme, ...parameters }]);
    }),
  );
});
