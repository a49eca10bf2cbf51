import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { LogQuery } from './log-entry.ts';
import { readLog } from './read-log.ts';
import { encodeLine, entry, everything, timeOf } from './testing.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onggi-logs-'));
  path = join(folder, 'c-json.log');
});
afterEach(() => rm(folder, { recursive: true }));

const never = new AbortController().signal;

/** Lines `first` to `last - 1`, each a second after the one before, odd ones on stderr. */
function lines(first: number, last: number): string {
  let text = '';
  for (let i = first; i < last; i++) text += encodeLine(entry(`${i}\n`, { time: timeOf(i), source: i % 2 ? 'stderr' : 'stdout' }));
  return text;
}

async function read(change: Partial<LogQuery> = {}, ended: AbortSignal = never, cancel: AbortSignal = never): Promise<number[]> {
  const numbers: number[] = [];
  for await (const batch of readLog(path, { ...everything, ...change }, { ended }, cancel)) numbers.push(...batch.map(({ line }) => Number(line)));
  return numbers;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first }, (_, i) => first + i);
}

function nsOf(number: number): bigint {
  return BigInt(Date.parse(timeOf(number))) * 1_000_000n;
}

test('a log is read across its rotated files, compressed ones too', async () => {
  await writeFile(`${path}.2.gz`, gzipSync(lines(0, 5)));
  await writeFile(`${path}.1`, lines(5, 10));
  await writeFile(path, lines(10, 15));
  assert.deepEqual(await read(), range(0, 15));
});

test('a file that is not there is an empty log', async () => {
  assert.deepEqual(await read(), []);
  assert.deepEqual(await read({ tail: 3 }), []);
});

test('a tail counts back over the files, and half a line is not one', async () => {
  await writeFile(`${path}.2.gz`, gzipSync(lines(0, 5)));
  await writeFile(`${path}.1`, lines(5, 10));
  await writeFile(path, `${lines(10, 15)}{"log":"ha`);
  for (const tail of [0, 1, 4, 5, 6, 10, 11, 15, 16, 1000]) assert.deepEqual(await read({ tail }), range(Math.max(0, 15 - tail), 15), `tail ${tail}`);
});

test('a tail of long lines reads back over many blocks', async () => {
  const long = (i: number): string => encodeLine(entry(`${i}${' '.repeat(100_000)}\n`));
  await writeFile(path, Array.from({ length: 20 }, (_, i) => long(i)).join(''));
  assert.deepEqual(await read({ tail: 7 }), range(13, 20));
  assert.deepEqual(await read(), range(0, 20));
});

test('since and until are inclusive, and choose among the tail', async () => {
  await writeFile(path, lines(0, 10));
  assert.deepEqual(await read({ sinceNs: nsOf(6) }), range(6, 10));
  assert.deepEqual(await read({ sinceNs: nsOf(6) + 1n }), range(7, 10));
  assert.deepEqual(await read({ untilNs: nsOf(3) }), range(0, 4));
  assert.deepEqual(await read({ sinceNs: nsOf(2), tail: 3 }), range(7, 10));
  assert.deepEqual(await read({ untilNs: nsOf(3), tail: 3 }), []);
});

test('one stream can be chosen', async () => {
  await writeFile(path, lines(0, 6));
  assert.deepEqual(await read({ stderr: false }), [0, 2, 4]);
  assert.deepEqual(await read({ stdout: false, tail: 3 }), [3, 5]);
});

test('garbage is skipped, however long', async () => {
  await writeFile(path, `${lines(0, 2)}garbage\n${'x'.repeat(3_000_000)}\n${lines(2, 4)}`);
  assert.deepEqual(await read(), range(0, 4));
});

test('following ends with the container, after its last line', async () => {
  await writeFile(path, lines(0, 3));
  const end = new AbortController();
  const reading = read({ follow: true }, end.signal);
  for (let i = 3; i < 50; i++) {
    const text = lines(i, i + 1);
    await appendFile(path, text.slice(0, 20)); // a line arrives in two halves
    await appendFile(path, text.slice(20));
  }
  end.abort();
  assert.deepEqual(await reading, range(0, 50));
});

test('following goes on through rotations, none lost and none twice', async () => {
  const end = new AbortController();
  await writeFile(path, '');
  const reading = read({ follow: true }, end.signal);
  for (let i = 0; i < 200; i++) {
    await appendFile(path, lines(i * 3, i * 3 + 3));
    for (let k = 9; k > 0; k--) await rename(`${path}.${k}`, `${path}.${k + 1}`).catch(() => {});
    await rename(path, `${path}.1`);
    await writeFile(path, '');
    if (i % 3 === 0) await pause(5);
    else await new Promise(setImmediate);
    if (i % 2) await pause(3);
  }
  end.abort();
  assert.deepEqual(await reading, range(0, 600));
});

test('following goes on when the only file is replaced, and when it is removed for good', async () => {
  await writeFile(`${path}.1`, lines(0, 2));
  await pause(20);
  await writeFile(path, lines(2, 4));
  const end = new AbortController();
  const reading = read({ follow: true }, end.signal);
  await pause(50);
  await rm(path);
  await writeFile(path, lines(4, 6));
  await pause(50);
  end.abort();
  assert.deepEqual(await reading, range(0, 6));
});

test('following goes on when the file is truncated', async () => {
  await writeFile(path, lines(0, 5));
  const end = new AbortController();
  const reading = read({ follow: true }, end.signal);
  await pause(50);
  await truncate(path, 0);
  await pause(50);
  await appendFile(path, lines(5, 7));
  await pause(50);
  end.abort();
  assert.deepEqual(await reading, range(0, 7));
});

test('following waits for a file that is not there yet', async () => {
  const end = new AbortController();
  const reading = read({ follow: true, tail: 2 }, end.signal);
  await pause(30);
  await writeFile(path, lines(0, 3));
  await pause(30);
  end.abort();
  assert.deepEqual(await reading, range(0, 3));
});

test('following with a bound ends at that time', { timeout: 5000 }, async () => {
  await writeFile(path, lines(0, 3));
  const until = BigInt(Date.now() + 200) * 1_000_000n;
  assert.deepEqual(await read({ follow: true, untilNs: until }), range(0, 3));
  assert.deepEqual(await read({ follow: true, untilNs: nsOf(1) }), range(0, 2));
});

test('following ends when it is given up', { timeout: 5000 }, async () => {
  await writeFile(path, lines(0, 3));
  const stop = new AbortController();
  const reading = read({ follow: true, tail: 1 }, never, stop.signal);
  await pause(30);
  stop.abort();
  assert.deepEqual(await reading, [2]);
});
