import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import test from 'node:test';
import fc from 'fast-check';
import { frame, readFrames } from './stdcopy.ts';

test('a frame is a header of eight bytes and its payload', () => {
  assert.deepEqual([...frame('stderr', Buffer.from('err\n'))], [2, 0, 0, 0, 0, 0, 0, 4, 0x65, 0x72, 0x72, 0x0a]);
});

test('frames come back however the stream is cut', async () => {
  const source = fc.constantFrom('stdout' as const, 'stderr' as const);
  const frames = fc.array(fc.tuple(source, fc.uint8Array({ maxLength: 40 })), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(frames, fc.integer({ min: 1, max: 13 }), async (sent, cut) => {
      const whole = Buffer.concat(sent.map(([from, payload]) => frame(from, payload)));
      const parts = Array.from({ length: Math.ceil(whole.length / cut) }, (_, index) => whole.subarray(index * cut, (index + 1) * cut));
      const got = { stdout: '', stderr: '' };
      for await (const { source: from, payload } of readFrames(Readable.from(parts))) {
        if (from === 'stdout' || from === 'stderr') got[from] += payload.toString('hex');
      }
      const expected = (from: 'stdout' | 'stderr'): string =>
        sent.filter(([one]) => one === from).map(([, payload]) => Buffer.from(payload).toString('hex')).join('');
      assert.deepEqual(got, { stdout: expected('stdout'), stderr: expected('stderr') });
    }),
    { numRuns: 200 },
  );
});

test('a header of no source is an error', async () => {
  await assert.rejects(Array.fromAsync(readFrames(Readable.from([Buffer.from('HTTP/1.1 500')]))), /Unrecognized input header: 72/);
});
