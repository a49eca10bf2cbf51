import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';

test('detach keys are the bytes that a terminal sends', () => {
  assert.deepEqual([...parseDetachKeys('ctrl-p,ctrl-q')], [16, 17]);
  assert.deepEqual([...parseDetachKeys('a,ctrl-@,ctrl-[')], [97, 0, 27]);
  assert.deepEqual([...parseDetachKeys('')], []);
  assert.throws(() => parseDetachKeys('ctrl-é'), /Invalid detach keys/);
});

test('keys that come in pieces detach, half of them is passed on once it is clear', () => {
  const scanner = new DetachScanner(parseDetachKeys('ctrl-p,ctrl-q'));
  assert.deepEqual(scanner.push(Buffer.from('ab\x10')), { pass: Buffer.from('ab'), detached: false });
  assert.deepEqual(scanner.push(Buffer.from('c')), { pass: Buffer.from('\x10c'), detached: false });
  assert.deepEqual(scanner.push(Buffer.from('\x10\x10')), { pass: Buffer.from('\x10'), detached: false });
  assert.deepEqual(scanner.push(Buffer.from('\x11rest')), { pass: Buffer.alloc(0), detached: true });
});

test('what does not hold the keys passes unchanged, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 }).map((bytes) => bytes.map((byte) => 14 + (byte % 3))), { maxLength: 12 }), (chunks) => {
      const scanner = new DetachScanner(parseDetachKeys('ctrl-p,ctrl-q'));
      const passed = chunks.map((chunk) => scanner.push(Buffer.from(chunk)));
      const whole = Buffer.concat(passed.map(({ pass }) => pass));
      const sent = Buffer.concat(chunks);
      assert.ok(sent.subarray(0, whole.length).equals(whole));
      assert.ok(sent.length - whole.length <= 1);
    }),
  );
});
