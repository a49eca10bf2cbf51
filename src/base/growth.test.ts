import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Growth } from './growth.ts';

test('a reader learns of what was written, of the end and of a failure', () => {
  const written = new Growth();
  const read = new Growth(written.memory);
  assert.equal(read.waitBeyond(0, 1), 'waiting');

  written.reached(5_000_000_000);
  assert.equal(read.waitBeyond(0, 1), 'more');
  assert.equal(read.length, 5_000_000_000);
  assert.equal(read.waitBeyond(5_000_000_000, 1), 'waiting');

  written.end();
  assert.equal(read.waitBeyond(4, 1), 'more', 'what was written before the end is still to be read');
  assert.equal(read.waitBeyond(5_000_000_000, 1), 'end');
  written.fail();
  assert.equal(read.waitBeyond(5_000_000_000, 1), 'end', 'an end is an end');

  const given = new Growth();
  given.reached(3);
  given.fail();
  assert.equal(new Growth(given.memory).waitBeyond(0, 1), 'failed');
});

test('a thread that waits is woken', { timeout: 20_000 }, async () => {
  const growth = new Growth();
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     import(workerData.module).then(({ Growth }) => {
       const growth = new Growth(workerData.memory);
       parentPort.postMessage('there');
       for (let at = 0; ; at = growth.length) {
         const what = growth.waitBeyond(at, 15_000);
         if (what === 'waiting') continue;
         if (what !== 'more') return parentPort.postMessage(what + ' ' + at);
       }
     });`,
    { eval: true, workerData: { memory: growth.memory, module: new URL('./growth.ts', import.meta.url).href } },
  );
  const messages: string[] = [];
  worker.on('message', (text: string) => {
    messages.push(text);
    if (text === 'there') {
      growth.reached(10);
      setTimeout(() => growth.reached(20), 5);
      setTimeout(() => growth.end(), 10);
    }
  });
  await new Promise((resolve) => worker.once('exit', resolve));
  assert.deepEqual(messages, ['there', 'end 20']);
});
