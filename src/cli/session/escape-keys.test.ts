import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EscapeWatch, parseDetachKeys } from './escape-keys.ts';

test('sequences name control keys and plain ones', () => {
  assert.deepEqual(parseDetachKeys(''), [16, 17]);
  assert.deepEqual(parseDetachKeys('ctrl-a,d'), [1, 100]);
  assert.deepEqual(parseDetachKeys('ctrl-@,ctrl-[,ctrl-_,ctrl-Z'), [0, 27, 31, 26]);
  for (const bad of ['ctrl-1', 'ab', ',', 'é']) assert.throws(() => parseDetachKeys(bad), /Unknown character/);
});

test('the sequence detaches, also when it comes in pieces, and is not sent', () => {
  const watch = new EscapeWatch([16, 17]);
  assert.deepEqual(watch.take(Buffer.from([97, 16])), { send: Uint8Array.from([97]), detached: false });
  assert.deepEqual(watch.take(Buffer.from([17, 98])), { send: Uint8Array.from([]), detached: true });
});

test('a broken sequence is sent after all', () => {
  const watch = new EscapeWatch([16, 17]);
  assert.deepEqual(watch.take(Buffer.from([16, 97])).send, Uint8Array.from([16, 97]));
  assert.deepEqual(watch.take(Buffer.from([16, 16, 17])), { send: Uint8Array.from([16]), detached: true });
});

test('nothing else that is typed is lost or reordered', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5 })), (pieces) => {
      const watch = new EscapeWatch([1, 2, 3]);
      const sent: number[] = [];
      for (const piece of pieces) sent.push(...watch.take(piece).send);
      const typed = pieces.flatMap((piece) => [...piece]);
      assert.deepEqual(sent, typed.slice(0, sent.length));
    }),
  );
});
