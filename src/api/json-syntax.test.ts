import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseJson } from './json-body.ts';
import { judgeJson } from './json-syntax.ts';

// Go's words, from encoding/json.
const TEXTS: readonly (readonly [string, string])[] = [
  ['{', 'invalid JSON: unexpected EOF'],
  ['', 'invalid JSON: got EOF while reading request body'],
  ['  ', 'invalid JSON: got EOF while reading request body'],
  ['{"a":1} {}', 'unexpected content after JSON'],
  ['{"a":1} xx', 'unexpected content after JSON'],
  ['x', `invalid JSON: invalid character 'x' looking for beginning of value`],
  ['{a:1}', `invalid JSON: invalid character 'a' looking for beginning of object key string`],
  ['{"a" 1}', `invalid JSON: invalid character '1' after object key`],
  ['{"a":1 "b"}', `invalid JSON: invalid character '"' after object key:value pair`],
  ['{"a":1,}', `invalid JSON: invalid character '}' looking for beginning of object key string`],
  ['[1 2]', `invalid JSON: invalid character '2' after array element`],
  ['[1,]', `invalid JSON: invalid character ']' looking for beginning of value`],
  ['tru', 'invalid JSON: unexpected EOF'],
  ['trux', `invalid JSON: invalid character 'x' in literal true (expecting 'e')`],
  ['{"a":"b', 'invalid JSON: unexpected EOF'],
  ['"\\x"', `invalid JSON: invalid character 'x' in string escape code`],
  ['-x', `invalid JSON: invalid character 'x' in numeric literal`],
  ['1.x', `invalid JSON: invalid character 'x' after decimal point in numeric literal`],
  ["{'a':1}", `invalid JSON: invalid character '\\'' looking for beginning of object key string`],
];

for (const [text, expected] of TEXTS) {
  test(`${JSON.stringify(text)} is refused in Go's words`, () => {
    assert.throws(() => parseJson(text), { message: expected });
  });
}

test('the judge agrees with JSON.parse on every text', () => {
  const letters = fc.constantFrom(...'{}[]:,"\\ntru1-.e0 falsax'.split(''), '"a"', '\n');
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 14 }).map((parts) => parts.join('')), (text) => {
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      const verdict = judgeJson(text);
      const whole = verdict.kind === 'complete' && text.slice(verdict.end).trim() === '';
      assert.equal(whole, parses, `${JSON.stringify(text)}: ${JSON.stringify(verdict)}`);
    }),
    { numRuns: 3000 },
  );
});

test('a text that nests without end does not end the engine', () => {
  assert.throws(() => parseJson('['.repeat(1_000_000)), /exceeded max depth|unexpected EOF/);
});
