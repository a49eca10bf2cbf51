import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { renameSync, truncateSync, unlinkSync, writeFileSync, existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { silentLog } from '#base/log.ts';
import { LogShipment } from './log-shipment.ts';
import { FakeShipper, until, writeLines } from './testing.ts';

interface Bench extends AsyncDisposable {
  readonly path: string;
  readonly losses: (number | undefined)[];
  ship(shipper: FakeShipper): LogShipment;
}

async function bench(): Promise<Bench> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'onggi-shipment-'));
  const path = join(folder.path, 'x-json.log');
  const losses: (number | undefined)[] = [];
  return {
    path, losses,
    ship: (shipper) => new LogShipment({ path, cursorPath: join(folder.path, 'cursor.json'), shipper, log: silentLog, onLost: (lines) => losses.push(lines) }),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

function rotate(path: string, keep: number, pack = false): void {
  for (let number = keep - 1; number >= 1; number--) {
    for (const suffix of ['', '.gz']) {
      const from = `${number === 1 ? path : `${path}.${number - 1}`}${number === 1 ? '' : suffix}`;
      if (number > 1 || suffix === '') if (existsSync(from)) renameSync(from, `${path}.${number}${number === 1 ? '' : suffix}`);
    }
  }
  if (pack && existsSync(`${path}.1`)) {
    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
    unlinkSync(`${path}.1`);
  }
  writeFileSync(path, '');
}

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

test('every line arrives in order, before and after rotations, and the end is reached', { timeout: 20_000 }, async () => {
  await using one = await bench();
  writeLines(one.path, names('a', 3));
  const shipper = new FakeShipper();
  const shipment = one.ship(shipper);
  await until(() => shipper.lines.length === 3);
  writeLines(one.path, names('b', 3));
  rotate(one.path, 5);
  writeLines(one.path, names('c', 3));
  await until(() => shipper.lines.length === 9);
  shipment.end();
  await shipment.done;
  assert.deepEqual(shipper.lines, [...names('a', 3), ...names('b', 3), ...names('c', 3)]);
  assert.deepEqual([shipper.closed, one.losses], [true, []]);
});

for (const pack of [false, true]) {
  test(`another shipment goes on where the last one stopped${pack ? ', in a file that was packed meanwhile' : ''}`, { timeout: 20_000 }, async () => {
    await using one = await bench();
    writeLines(one.path, names('a', 3));
    const first = new FakeShipper();
    const before = one.ship(first);
    await until(() => first.lines.length === 3);
    await before[Symbol.asyncDispose]();
    writeLines(one.path, names('b', 2));
    rotate(one.path, 5, pack);
    writeLines(one.path, names('c', 2));
    const second = new FakeShipper();
    const after = one.ship(second);
    after.end();
    await after.done;
    assert.deepEqual(second.lines, [...names('b', 2), ...names('c', 2)]);
    assert.deepEqual(one.losses, []);
  });
}

test('a receiver that is away gets everything when it is back', { timeout: 20_000 }, async () => {
  await using one = await bench();
  const shipper = new FakeShipper();
  shipper.away = true;
  await using shipment = one.ship(shipper);
  writeLines(one.path, names('a', 2));
  rotate(one.path, 5);
  writeLines(one.path, names('b', 2));
  await new Promise((resolve) => setTimeout(resolve, 300));
  shipper.away = false;
  await until(() => shipper.lines.length === 4);
  assert.deepEqual(shipper.lines, ['a0', 'a1', 'b0', 'b1']);
  assert.ok(shipment.resume());
});

test('what rotation overtakes is counted', { timeout: 20_000 }, async () => {
  await using one = await bench();
  const shipper = new FakeShipper();
  writeLines(one.path, ['first']);
  await using _shipment = one.ship(shipper);
  await until(() => shipper.lines.length === 1);
  shipper.away = true;
  for (const [index, count] of [2, 3, 4, 5].entries()) {
    writeLines(one.path, names(`${index}-`, count));
    await new Promise((resolve) => setTimeout(resolve, 200));
    rotate(one.path, 3);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  shipper.away = false;
  // the file it stood in was open: its lines came; of the next, two are left, one was overtaken
  await until(() => shipper.lines.length === 1 + 2 + 4 + 5);
  assert.deepEqual(one.losses, [3]);
});

test('what was delivered and then rotated away is not called lost', { timeout: 20_000 }, async () => {
  await using one = await bench();
  const shipper = new FakeShipper();
  writeLines(one.path, names('a', 2));
  await using _shipment = one.ship(shipper);
  await until(() => shipper.lines.length === 2);
  rotate(one.path, 3);
  writeLines(one.path, names('b', 2));
  await until(() => shipper.lines.length === 4);
  shipper.away = true; // now the files are looked at, the delivered ones among them
  writeLines(one.path, names('c', 2));
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (const prefix of ['d', 'e']) {
    rotate(one.path, 3);
    writeLines(one.path, names(prefix, 2));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  shipper.away = false;
  await until(() => shipper.lines.length === 10);
  assert.deepEqual(one.losses, []);
});

test('a log that is truncated goes on from its beginning', { timeout: 20_000 }, async () => {
  await using one = await bench();
  writeLines(one.path, names('long-line-', 50));
  const shipper = new FakeShipper();
  const shipment = one.ship(shipper);
  await until(() => shipper.lines.length === 50);
  truncateSync(one.path);
  writeLines(one.path, ['later']);
  await until(() => shipper.lines.length === 51);
  await shipment[Symbol.asyncDispose]();
  truncateSync(one.path);
  writeLines(one.path, ['while away']);
  const second = new FakeShipper();
  const after = one.ship(second);
  after.end();
  await after.done;
  assert.deepEqual(second.lines, ['while away']);
  assert.deepEqual(one.losses, [undefined]);
});

test('a drain is bounded, and tells what it leaves behind', { timeout: 20_000 }, async () => {
  await using one = await bench();
  const shipper = new FakeShipper();
  shipper.away = true;
  writeLines(one.path, names('a', 7));
  const shipment = one.ship(shipper);
  await shipment.drain(200);
  assert.deepEqual([one.losses, shipper.closed], [[7], true]);
  assert.equal(shipment.resume(), false);
});
