import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import fc from 'fast-check';
import { parseExitFrame, readExitRecord } from './exit-record.ts';
import { FRAME, frame, header, readFrame } from './frames.ts';
import { runtimeMessage } from './runtime-failure.ts';

test('frames are read one by one however they arrive, and what follows stays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 50 })), { maxLength: 5 }), fc.integer({ min: 1, max: 20 }), async (frames, step) => {
      const stream = new PassThrough();
      const bytes = Buffer.concat([...frames.map(([type, payload]) => frame(type, payload)), Buffer.from('rest')]);
      const writing = (async () => {
        for (let at = 0; at < bytes.length; at += step) {
          stream.write(bytes.subarray(at, at + step));
          await new Promise(setImmediate);
        }
        stream.end();
      })();
      for (const [type, payload] of frames) assert.deepEqual(await readFrame(stream), { type, payload: Buffer.from(payload) });
      await writing;
      assert.equal(Buffer.concat(await stream.toArray()).toString(), 'rest');
    }),
    { numRuns: 50 },
  );
});

test('an end within a frame is an end', async () => {
  const stream = new PassThrough();
  stream.end(frame(FRAME.started, 'words').subarray(0, 10));
  assert.equal(await readFrame(stream), undefined);
  assert.equal(await readFrame(stream), undefined);
});

test('a payload that no shim would send is refused before it is read', async () => {
  const stream = new PassThrough();
  stream.write(header(FRAME.started, 0xffffffff));
  await assert.rejects(readFrame(stream), /not from a shim/);
});

test('the exit is the same from the frame and from the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'onggi-exit-'));
  const path = join(folder, 'exit.json');
  await writeFile(path, '{"generation":3,"pid":7,"exitCode":137,"signal":9,"oom":true,"finishedAt":"2026-11-22T06:10:19.563748335Z","lostLines":2}\n');
  assert.deepEqual(await readExitRecord(path), parseExitFrame(Buffer.from('3 137 9 1 2026-11-22T06:10:19.563748335Z 2')));
  assert.equal(await readExitRecord(join(folder, 'none')), undefined);
  await writeFile(path, '[]');
  await assert.rejects(readExitRecord(path), /is not an exit record/);
  await rm(folder, { recursive: true });
});

test('the cause is the last error in a log, or the text where the log was cut off', () => {
  assert.equal(runtimeMessage('{"level":"warning","msg":"w"}\n{"level":"error","msg":"a"}\n{"level":"error","msg":"b"}\nb\n'), 'b');
  assert.equal(runtimeMessage('{"level":"error","msg":"cut o'), '');
  assert.equal(runtimeMessage('just text\nof two lines\n'), 'just text\nof two lines');
});
