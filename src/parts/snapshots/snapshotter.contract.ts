import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { isKind } from '#base/errors.ts';
import { chainIdsOf, digestOf, type Digest } from '#parts/oci/digest.ts';
import { makeTar, type TestEntry } from '#parts/tar/testing.ts';
import type { NewLayer, Snapshotter, StagedLayer } from './snapshotter.ts';

/** A driver in a folder of its own. Opening it again is another engine on the same data. */
export interface SnapshotterUnderTest extends Disposable {
  readonly folder: string;
  readonly layersRoot: string;
  open(): Snapshotter;
}

const never: AbortSignal = new AbortController().signal;

/** Blobs of a stack of layers, and what `addLayer` wants to know of each. */
function layersOf(folder: string, stack: readonly (readonly TestEntry[])[]): NewLayer[] {
  const tars = stack.map((entries) => makeTar(entries));
  const chain = chainIdsOf(tars.map((tar) => digestOf(tar)));
  return tars.map((tar, index) => {
    const blob = gzipSync(tar);
    const source = join(folder, `blob-${index}-${Math.random()}`);
    writeFileSync(source, blob);
    return { chainId: chain[index] as Digest, diffId: digestOf(tar), source, digest: digestOf(blob), parent: chain[index - 1] ?? '', parentReady: Promise.resolve() };
  });
}

async function addAll(snapshots: Snapshotter, layers: readonly NewLayer[]): Promise<string> {
  let below: Promise<unknown> = Promise.resolve();
  for (const layer of layers) {
    const added = snapshots.addLayer({ ...layer, parentReady: below }, never);
    added.catch(() => undefined);
    below = added;
  }
  await below;
  return layers.at(-1)?.chainId ?? '';
}

const BASE: readonly TestEntry[] = [
  { name: 'etc', type: 'directory', mode: 0o750, uid: 3 },
  { name: 'etc/kept', data: 'kept' },
  { name: 'etc/gone', data: 'gone' },
  { name: 'opaque', type: 'directory' },
  { name: 'opaque/hidden', data: 'h' },
];
const TOP: readonly TestEntry[] = [
  { name: 'etc/.wh.gone', data: '' },
  { name: 'etc/new', data: 'new' },
  { name: 'opaque', type: 'directory' },
  { name: 'opaque/.wh..wh..opq', data: '' },
];

/** What every driver does alike. `make` answers a fresh one; `close` unmounts what a test has left. */
export function snapshotterContract(name: string, make: () => SnapshotterUnderTest): void {
  const named = (text: string): string => `${name}: ${text}`;

  test(named('a root shows its layers in order, and what is written stays in it'), async () => {
    using place = make();
    await using snapshots = place.open();
    const chainId = await addAll(snapshots, layersOf(place.folder, [BASE, TOP]));
    await snapshots.prepare('c1', chainId);
    await snapshots.prepare('c2', chainId);
    const [one, two] = [await snapshots.mount('c1'), await snapshots.mount('c2')];
    assert.deepEqual(readdirSync(join(one, 'etc')).toSorted(), ['kept', 'new']);
    assert.deepEqual(readdirSync(join(one, 'opaque')), []);
    assert.deepEqual([statSync(join(one, 'etc')).mode & 0o777, statSync(join(one, 'etc')).uid], [0o750, 3], 'a folder that the upper layer did not bring looks as below');
    writeFileSync(join(one, 'etc/own'), '12345');
    rmSync(join(one, 'etc/kept'));
    assert.deepEqual(readdirSync(join(two, 'etc')).toSorted(), ['kept', 'new']);
    assert.deepEqual([...snapshots.usedByContainers()], [chainId]);
    const sizes = await snapshots.sizes('c1');
    assert.ok(sizes.writableBytes >= 5 && sizes.rootfsBytes >= sizes.writableBytes);
    await snapshots.unmount('c1');
    const again = await snapshots.mount('c1');
    assert.deepEqual(readdirSync(join(again, 'etc')).toSorted(), ['new', 'own']);
    for (const id of ['c1', 'c2']) await snapshots.remove(id);
    await snapshots.remove('c1');
    assert.equal(existsSync(one) && readdirSync(one).length > 0, false);
  });

  test(named('a root without layers is empty'), async () => {
    using place = make();
    await using snapshots = place.open();
    await snapshots.prepare('c', '');
    const root = await snapshots.mount('c');
    assert.deepEqual(readdirSync(root), []);
    writeFileSync(join(root, 'f'), 'x');
    await snapshots.remove('c');
  });

  test(named('a root stays in sight until its last holder lets go, and through a restart'), async () => {
    using place = make();
    await using snapshots = place.open();
    const chainId = await addAll(snapshots, layersOf(place.folder, [BASE]));
    await snapshots.prepare('c', chainId);
    const root = await snapshots.mount('c');
    await snapshots.mount('c');
    await snapshots.unmount('c');
    assert.equal(readFileSync(join(root, 'etc/kept'), 'utf8'), 'kept');
    await using restarted = place.open();
    assert.equal(await restarted.mount('c'), root);
    await restarted.unmount('c');
    assert.equal(readFileSync(join(root, 'etc/kept'), 'utf8'), 'kept');
    await restarted.unmount('c');
    await restarted.remove('c');
  });

  test(named('a layer is added once, however often it is asked for, and found by the next engine'), async () => {
    using place = make();
    await using snapshots = place.open();
    const layers = layersOf(place.folder, [BASE, TOP]);
    await Promise.all([addAll(snapshots, layers), addAll(snapshots, layers)]);
    assert.equal(snapshots.listLayers().length, 2);
    await using next = place.open();
    assert.deepEqual(new Set(next.listLayers().map(({ chainId }) => chainId)), new Set(layers.map(({ chainId }) => chainId)));
    assert.equal(next.findLayer(layers[1]?.chainId ?? '')?.parent, layers[0]?.chainId);
  });

  test(named('a layer that is not what it should be leaves nothing'), async () => {
    using place = make();
    await using snapshots = place.open();
    const [layer] = layersOf(place.folder, [BASE]);
    assert.ok(layer);
    const before = readdirSync(place.layersRoot);
    const other = digestOf('other');
    await assert.rejects(snapshots.addLayer({ ...layer, diffId: other, chainId: other }, never), (thrown) => isKind(thrown, 'invalid'));
    await assert.rejects(snapshots.addLayer({ ...layer, digest: other }, never), (thrown) => isKind(thrown, 'invalid'));
    await assert.rejects(snapshots.addLayer({ ...layer, parentReady: Promise.reject(new Error('below failed')) }, never), /below failed/);
    assert.deepEqual(readdirSync(place.layersRoot), before);
    await addAll(snapshots, [layer]);
  });

  test(named('a layer that was unpacked ahead is taken, or goes'), async () => {
    using place = make();
    await using snapshots = place.open();
    const [layer] = layersOf(place.folder, [BASE]);
    assert.ok(layer);
    const before = readdirSync(place.layersRoot);
    const stage = async (): Promise<StagedLayer | undefined> => snapshots.stageLayer({ path: layer.source }, never);
    const staged = await stage();
    const other = digestOf('other');
    if (staged) {
      assert.deepEqual([staged.digest, staged.diffId], [layer.digest, layer.diffId]);
      await assert.rejects(snapshots.addLayer({ ...layer, diffId: other, chainId: other, staged }, never), (thrown) => isKind(thrown, 'invalid'));
      await (await stage())?.[Symbol.asyncDispose]();
      assert.deepEqual(readdirSync(place.layersRoot), before);
    }
    const again = await stage();
    await snapshots.addLayer({ ...layer, ...(again && { staged: again }) }, never);
    await again?.[Symbol.asyncDispose]();
    const surplus = await stage();
    await snapshots.addLayer({ ...layer, ...(surplus && { staged: surplus }) }, never);
    assert.equal(readdirSync(place.layersRoot).length, before.length + 1);
    await snapshots.prepare('c', layer.chainId);
    assert.equal(readFileSync(join(await snapshots.mount('c'), 'etc/kept'), 'utf8'), 'kept');
    await snapshots.remove('c');
  });

  test(named('a layer in use is not removed, one that is not goes'), async () => {
    using place = make();
    await using snapshots = place.open();
    const layers = layersOf(place.folder, [BASE, TOP]);
    const top = await addAll(snapshots, layers);
    const base = layers[0]?.chainId ?? '';
    await snapshots.prepare('c', top);
    await assert.rejects(snapshots.removeLayer(base), (thrown) => isKind(thrown, 'conflict'));
    await assert.rejects(snapshots.removeLayer(top), (thrown) => isKind(thrown, 'conflict'));
    await snapshots.remove('c');
    await snapshots.removeLayer(top);
    await snapshots.removeLayer(base);
    await snapshots.removeLayer(base);
    assert.deepEqual(snapshots.listLayers(), []);
    await assert.rejects(snapshots.prepare('d', base), (thrown) => isKind(thrown, 'not-found'));
  });

  test(named('what a killed engine left half-made is swept'), async () => {
    using place = make();
    {
      await using first = place.open();
      await addAll(first, layersOf(place.folder, [BASE]));
    }
    const [whole] = readdirSync(place.layersRoot).filter((each) => !each.startsWith('.'));
    for (const rest of ['.new-0011', '.gone-2233', 'f'.repeat(64)]) {
      writeFileSync(join(place.layersRoot, rest), '');
    }
    await using next = place.open();
    assert.equal(next.listLayers().length, 1);
    await next.removeLayer(digestOf('none'));
    for (let tries = 0; tries < 100 && readdirSync(place.layersRoot).length > 2; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(readdirSync(place.layersRoot).toSorted(), ['.empty', whole]);
  });
}
