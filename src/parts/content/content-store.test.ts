import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test from 'node:test';
import { isKind } from '#base/errors.ts';
import { digestOf, hexOf } from '#parts/oci/digest.ts';
import { ContentStore } from './content-store.ts';
import { Leases } from './leases.ts';

const temporary = (): ReturnType<typeof mkdtempDisposableSync> => mkdtempDisposableSync(join(tmpdir(), 'store-content-'));

test('a blob is found under its digest once it is committed, not before', async () => {
  using place = temporary();
  const store = await ContentStore.open(place.path);
  const bytes = Buffer.alloc(3_000_001, 'abc');
  const digest = digestOf(bytes);
  {
    await using writer = await store.writer({ expected: digest, sizeBytes: bytes.length });
    for (let at = 0; at < bytes.length; at += 70_000) await writer.write(bytes.subarray(at, at + 70_000));
    assert.equal(store.has(digest), false);
    assert.deepEqual(await writer.commit(), { digest, sizeBytes: bytes.length });
  }
  assert.ok(bytes.equals(await buffer(store.open(digest))));
  assert.ok(bytes.subarray(10).equals(await buffer(store.open(digest, { start: 10 }))));
  assert.deepEqual(await store.list(), [digest]);
  assert.deepEqual(readdirSync(join(place.path, 'partial')), []);
  await assert.rejects(store.bytes(digest, 10), (thrown) => isKind(thrown, 'invalid'));
  await store.delete(digest);
  await store.delete(digest);
  await assert.rejects(store.bytes(digest, 10), (thrown) => isKind(thrown, 'not-found'));
});

test('a download goes on where it stopped, also in another engine', async () => {
  using place = temporary();
  const bytes = Buffer.from('0123456789');
  const expected = digestOf(bytes);
  {
    await using writer = await (await ContentStore.open(place.path)).writer({ expected, sizeBytes: 10 });
    await writer.write(bytes.subarray(0, 4));
  }
  const store = await ContentStore.open(place.path);
  await using writer = await store.writer({ expected, sizeBytes: 10 });
  assert.equal(writer.offsetBytes, 4);
  {
    await using second = await store.writer({ expected, sizeBytes: 10 });
    assert.equal(second.offsetBytes, 0, 'two writers do not share a file');
  }
  await writer.write(bytes.subarray(4));
  await writer.commit();
  assert.deepEqual(await store.bytes(expected, 10), bytes);
});

test('a sender that cannot continue begins anew', async () => {
  using place = temporary();
  const store = await ContentStore.open(place.path);
  const expected = digestOf('whole');
  {
    await using first = await store.writer({ expected, sizeBytes: 5 });
    await first.write(Buffer.from('wh'));
  }
  await using writer = await store.writer({ expected, sizeBytes: 5 });
  await writer.restart();
  await writer.write(Buffer.from('whole'));
  assert.equal((await writer.commit()).digest, expected);
});

test('wrong, too long and too short content leaves nothing under its name', async () => {
  using place = temporary();
  const store = await ContentStore.open(place.path);
  const expected = digestOf('right');
  const attempt = async (text: string): Promise<void> => {
    await using writer = await store.writer({ expected, sizeBytes: 5 });
    await writer.write(Buffer.from(text));
    await writer.commit();
  };
  await assert.rejects(attempt('wrong'), /does not match its digest: expected sha256:.* found sha256:/);
  assert.deepEqual(readdirSync(join(place.path, 'partial')), []);
  await assert.rejects(attempt('righter'), /more than the 5 bytes/);
  assert.deepEqual(readdirSync(join(place.path, 'partial')), []);
  await assert.rejects(attempt('rig'), /unexpected EOF: 3 of 5 bytes/);
  assert.deepEqual(readdirSync(join(place.path, 'partial')), [hexOf(expected)], 'what came is kept for the next try');
  await assert.rejects(attempt('xx'), /does not match/);
  await attempt('right');
});

test('opening sweeps what a dead engine left, but keeps what can be continued', async () => {
  using place = temporary();
  await ContentStore.open(place.path);
  const partial = join(place.path, 'partial');
  const [young, old] = [hexOf(digestOf('young')), hexOf(digestOf('old'))];
  for (const name of ['new-0011', young, old]) writeFileSync(join(partial, name), 'x');
  utimesSync(join(partial, old), 1, 1);
  await ContentStore.open(place.path);
  assert.deepEqual(readdirSync(partial), [young]);
});

test('a beginning that was cut by a power failure is refused at its end, and not continued again', async () => {
  using place = temporary();
  const store = await ContentStore.open(place.path);
  const expected = digestOf('0123456789');
  writeFileSync(join(place.path, 'partial', hexOf(expected)), '');
  truncateSync(join(place.path, 'partial', hexOf(expected)), 6);
  {
    await using writer = await store.writer({ expected, sizeBytes: 10 });
    assert.equal(writer.offsetBytes, 6);
    await writer.write(Buffer.from('6789'));
    await assert.rejects(writer.commit(), /does not match/);
  }
  await using again = await store.writer({ expected, sizeBytes: 10 });
  assert.equal(again.offsetBytes, 0);
});

test('a lease protects until it ends, and several count', () => {
  const leases = new Leases();
  const first = leases.take();
  {
    using second = leases.take();
    first.protect('a', 'b');
    second.protect('a', 'a');
  }
  assert.ok(leases.holds('a'));
  first[Symbol.dispose]();
  assert.ok(!leases.holds('a') && !leases.holds('b'));
  assert.throws(() => first.protect('c'));
});
