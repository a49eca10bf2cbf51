import assert from 'node:assert/strict';
import test from 'node:test';
import { KeyedLock } from './keyed-lock.ts';

test('turns of one key come in order, another key does not wait', async () => {
  const lock = new KeyedLock();
  const order: string[] = [];
  const first = await lock.hold('a');
  const second = lock.hold('a').then((turn) => {
    order.push('second');
    turn[Symbol.dispose]();
  });
  const third = lock.hold('a').then((turn) => {
    order.push('third');
    turn[Symbol.dispose]();
  });
  (await lock.hold('b'))[Symbol.dispose]();
  order.push('first');
  first[Symbol.dispose]();
  await Promise.all([second, third]);
  assert.deepEqual(order, ['first', 'second', 'third']);
});

test('a waiter that gives up does not hold up the next', async () => {
  const lock = new KeyedLock();
  const first = await lock.hold('a');
  const stop = new AbortController();
  const given = lock.hold('a', stop.signal);
  const third = lock.hold('a');
  stop.abort(new Error('enough'));
  await assert.rejects(given, /enough/);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
});
