import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LineDecoder } from './json-line.ts';
import type { LogEntry } from './log-entry.ts';
import { encodeLine, entry } from './testing.ts';

function decode(text: string | Buffer): LogEntry[] {
  const bytes = Buffer.from(text);
  return new LineDecoder().decode(bytes, bytes.lastIndexOf(0x0a) + 1);
}

const odd = fc.constantFrom('"', '\\', '\n', '\r', '\t', '<', '>', '&', '\u2028', '\u2029', '\0', '\u001f', '\u007f', '한', '😀', '","stream":"std', '\\n","stream":"stdout","time":"', 'u00');
const lineText = fc.array(fc.oneof(odd, fc.string({ unit: 'binary' })), { maxLength: 8 }).map((parts) => parts.join('').toWellFormed());

const anyEntry: fc.Arbitrary<LogEntry> = fc.record({
  source: fc.constantFrom('stdout' as const, 'stderr' as const),
  time: fc.constantFrom('2024-01-02T03:04:05Z', '2024-01-02T03:04:05.1Z', '2024-01-02T03:04:05.123456789Z'),
  line: lineText.map((text) => Buffer.from(text)),
  attrs: fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
});

test('what was encoded is decoded to the same entries', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 6 }), (entries) => {
      const decoded = decode(entries.map(encodeLine).join(''));
      assert.deepEqual(decoded, entries.map((each) => ({ ...each, attrs: each.attrs && { ...each.attrs } })));
    }),
    { numRuns: 2000 },
  );
});

test('whatever bytes stand in a file, decoding ends and leaves out what is no line', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array(), anyEntry.map((each) => Buffer.from(encodeLine(each)))), { maxLength: 6 }), (parts) => {
      for (const each of decode(Buffer.concat([...parts, Buffer.from('\n')]))) assert.equal(typeof each.time, 'string');
    }),
    { numRuns: 2000 },
  );
});

test('a cut line costs only itself', () => {
  const good = encodeLine(entry('good\n'));
  for (let cut = 1; cut < good.length - 1; cut++) {
    const decoded = decode(`${good}${good.slice(0, cut)}\n${good}`);
    assert.deepEqual(decoded.map(({ line }) => String(line)), ['good\n', 'good\n']);
  }
});

test('other forms of the same JSON are read too', () => {
  const decoded = decode('{ "time": "2024-01-02T03:04:05Z", "stream": "stderr", "log": "a\\u0009\\ud83d\\ude00\\ud800\\/\\n" }\n{"log":"\\ud83d\\ude00\\ud800\\/\\n","stream":"stdout","time":"2024-01-02T03:04:05Z"}\n');
  assert.deepEqual(decoded.map(({ line, source }) => [String(line), source]), [['a\t😀\ufffd/\n', 'stderr'], ['😀\ufffd/\n', 'stdout']]);
});
