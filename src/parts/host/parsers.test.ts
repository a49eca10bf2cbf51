import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { addressBytes, addressText } from './addresses.ts';
import { parseProcCgroup } from './cgroups.ts';
import { parseMountInfo } from './mount-table.ts';
import { attribute, message, parseAttributes, parseMessages } from './netlink-message.ts';
import { parseStat } from './processes.ts';
import { parseSignal, signalName } from './signals.ts';
import { parseOsRelease } from './system-info.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

test('no bytes make the netlink parsers throw or run on', () => {
  fc.assert(
    fc.property(bytes, (some) => {
      for (const { body } of parseMessages(some)) parseAttributes(body);
      parseAttributes(some);
    }),
  );
});

test('messages and attributes are read as they were written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 0x3fff }), bytes, fc.nat(), (type, payload, sequence) => {
      const [one, two, ...none] = parseMessages(Buffer.concat([message(type, 5, sequence, attribute(type, payload)), message(3, 0, sequence, Buffer.alloc(4))]));
      assert.deepEqual(parseAttributes(one?.body ?? Buffer.alloc(0)).get(type), payload);
      assert.deepEqual([one?.type, one?.flags, one?.sequence, two?.type, none.length], [type, 5, sequence, 3, 0]);
    }),
  );
});

test('addresses come back as they went', () => {
  fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(addressText(addressBytes(text)), text)));
  fc.assert(fc.property(fc.ipV6(), (text) => assert.deepEqual(addressBytes(addressText(addressBytes(text))), addressBytes(text))));
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (raw) => assert.deepEqual(addressBytes(addressText(Buffer.from(raw))), Buffer.from(raw))));
});

test('no text makes the parsers of /proc throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(' ', '-', '/', '\\', '0', '4', ':', ',', '(', ')', '\n', 'a', '=', '"') }), (text) => {
      parseMountInfo(text);
      parseProcCgroup(text);
      parseStat(text);
      parseOsRelease(text);
    }),
  );
});

test('every signal has a name that is read as itself', () => {
  for (let number = 1; number <= 64; number++) assert.equal(parseSignal(signalName(number)), number);
});
