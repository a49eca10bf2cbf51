import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvFields } from './csv.ts';
import { FlagValueError } from './numbers.ts';

test('quoted fields hold commas and doubled quotes', () => {
  assert.deepEqual(csvFields('a,"b,c","d""e",'), ['a', 'b,c', 'd"e', '']);
});

test('what Go refuses is refused', () => {
  for (const record of ['', 'a"b', '"a', '"a"b']) assert.throws(() => csvFields(record), FlagValueError);
});

test('any fields survive being quoted', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (fields) => {
      assert.deepEqual(csvFields(fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')), fields);
    }),
  );
});
