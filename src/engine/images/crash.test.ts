import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempDisposableSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chainIdsOf, digestOf } from '#parts/oci/digest.ts';
import { makeTar } from '#parts/tar/testing.ts';
import { dockerArchive, storeUnderTest } from './store-testing.ts';

const CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

test('a store whose engine was killed at any step is whole, and goes on', { timeout: 120_000 }, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'store-crash-'));
  const layers = ['one', 'two'].map((name) => makeTar(Array.from({ length: 60 }, (_, index) => ({ name: `${name}/${index}`, data: Buffer.alloc(50_000, name) }))));
  const packed = layers.map((layer) => gzipSync(layer));
  const archive = join(place.path, 'archive.tar');
  writeFileSync(archive, dockerArchive([{ names: ['web:1'], layers: packed, diffIds: layers.map((layer) => digestOf(layer)) }]));
  const root = join(place.path, 'data');
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, root, archive, 'web:1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await pause(Math.random() * 400);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await assertWhole(root);
  }
  await using it = await storeUnderTest(root);
  await it.store.garbage.collect(0);
  await it.store.load(createReadStream(archive), { platform: '', quiet: true }, () => undefined, new AbortController().signal);
  await it.store.remove('web:1', { force: true, noPrune: false });
  const copy = it.store.find('copy');
  if (copy) await it.store.remove('copy', { force: true, noPrune: false });
  await it.store.garbage.collect(0);
  assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
});

/** Every image that is there has all that it is made of, and nothing half-made lies about. */
async function assertWhole(root: string): Promise<void> {
  await using it = await storeUnderTest(root);
  for (const digest of await it.content.list()) assert.equal(digestOf(await it.content.bytes(digest, 1 << 30)), digest);
  for (const { id, document, manifest } of it.store.records.all()) {
    assert.ok(it.content.has(id) && it.content.has(manifest));
    for (const chainId of chainIdsOf(document.diffIds)) assert.ok(it.snapshots.findLayer(chainId));
    for (const diffId of document.diffIds) assert.ok(it.store.blobs.find(diffId));
  }
  assert.deepEqual(readdirSync(join(root, 'content/partial')), []);
  for (let tries = 0; tries < 200 && leftovers(root).length > 0; tries++) await pause(20);
  assert.deepEqual(leftovers(root), []);
  for (const { chainId } of it.snapshots.listLayers()) {
    assert.equal(readdirSync(join(root, 'layers', chainId.slice(7), 'fs')).length, 1);
  }
}

function leftovers(root: string): string[] {
  return readdirSync(join(root, 'layers')).filter((name) => name.startsWith('.') && name !== '.empty');
}
