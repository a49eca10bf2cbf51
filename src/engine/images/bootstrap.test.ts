import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { chainIdsOf, hexOf } from '#parts/oci/digest.ts';
import { ImageBootstrapper, type BootstrapRequest } from './bootstrap.ts';
import { PullPlace } from './pull-testing.ts';

interface Made extends AsyncDisposable {
  readonly place: PullPlace;
  make(request: Partial<BootstrapRequest>, cancel?: AbortSignal): Promise<{ id: string; told: string[] }>;
}

function partsOf({ records, committer, content, leases, garbage }: PullPlace): Omit<Parameters<typeof ImageBootstrapper.open>[0], 'workFolder'> {
  const events = { publish: () => undefined, async *watch(): AsyncGenerator<never> {} };
  return { records, committer, content, leases, garbage, events };
}

async function open(): Promise<Made> {
  const place = await PullPlace.open();
  const workFolder = join(place.root, 'work');
  mkdirSync(join(workFolder, 'bootstrap-dead'), { recursive: true });
  writeFileSync(join(workFolder, 'bootstrap-dead/file'), 'left by a killed engine');
  const bootstrapper = await ImageBootstrapper.open({ ...partsOf(place), workFolder });
  assert.deepEqual(readdirSync(workFolder), []);
  const make: Made['make'] = async (request, cancel = AbortSignal.timeout(100_000)) => {
    const told: string[] = [];
    const { id } = await bootstrapper.bootstrap({ image: 'busybox', include: [], tag: '', refresh: false, ...request }, ({ id: of, status }) => told.push(of ? `${of}: ${status}` : status), cancel);
    assert.deepEqual(readdirSync(workFolder), []);
    return { id, told };
  };
  return { place, make, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}

test('busybox becomes an image once, and is found again', { timeout: 60_000 }, async () => {
  await using made = await open();
  const first = await made.make({});
  assert.equal(first.told.at(-1), 'Status: Built new image for busybox:latest');
  const image = made.place.records.find(first.id);
  assert.deepEqual(image?.document.config.cmd, ['sh']);
  const chainId = chainIdsOf(image.document.diffIds).at(-1);
  assert.ok(chainId);
  assert.equal(statSync(join(made.place.root, 'layers', hexOf(chainId), 'fs/bin/sh')).nlink > 100, true);
  assert.deepEqual((await made.make({})).told, ['Status: Image is up to date for busybox:latest']);
  const named = await made.make({ tag: 'localhost/my/box:1' });
  assert.deepEqual(named, { id: first.id, told: ['Status: Tagged the image that was built before as localhost/my/box:1'] });
  assert.equal((await made.make({ refresh: true })).id, first.id, 'the same recipe makes the same image');
});

test('what is refused or given up leaves no image', { timeout: 60_000 }, async () => {
  await using made = await open();
  await assert.rejects(made.make({ tag: 'Not a name' }), { kind: 'invalid', message: /invalid reference format/ });
  await assert.rejects(made.make({ image: 'alpine' }), { kind: 'invalid' });
  await assert.rejects(made.make({ image: 'debian:nosuchsuite' }), { kind: 'internal', message: /^mmdebstrap failed: The repository/ });
  assert.deepEqual([made.place.records.all(), await made.place.content.list()], [[], []]);
});
