import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { shortId } from '#base/ids.ts';
import { chainIdsOf, digestOf, hexOf } from '#parts/oci/digest.ts';
import { familiarText, parseReference } from '#parts/oci/reference.ts';
import { FakeRegistry, refuse } from '#parts/registry/testing.ts';
import { addImage, addIndex, PullPlace, tarOf } from './pull-testing.ts';

const BASE = tarOf({ 'etc/name': 'base' });
const TOP = tarOf({ 'etc/name': 'top', 'data/blob': Buffer.alloc(300_000, 'x') });
const s390 = 's390x';

for (const kind of ['oci', 'docker'] as const) {
  for (const pack of ['gzip', 'zstd', 'none'] as const) {
    test(`an image of ${kind} form with layers packed by ${pack} is pulled, unpacked and named`, async () => {
      await using registry = await FakeRegistry.start();
      await using place = await PullPlace.open();
      const image = addImage(registry, 'a/b', 'v1', { layers: [BASE, TOP], kind, pack });
      const told = await place.pull(`${registry.host}/a/b:v1`);
      const [low = '', high = ''] = image.layers.map(shortId);
      const steady = told.filter((line) => !/Downloading|Extracting/.test(line));
      assert.deepEqual(steady.toSorted(), [
        'v1: Pulling from a/b',
        ...[low, high].flatMap((id) => [`${id}: Pulling fs layer`, `${id}: Verifying Checksum`, `${id}: Download complete`, `${id}: Pull complete`]),
        `Digest: ${image.manifest}`,
        `Status: Downloaded newer image for ${registry.host}/a/b:v1`,
      ].toSorted());
      assert.ok(steady.indexOf(`${low}: Pull complete`) < steady.indexOf(`${high}: Pull complete`));
      const top = chainIdsOf([BASE, TOP].map(digestOf)).at(-1);
      assert.ok(top && place.snapshots.findLayer(top));
      assert.equal(readFileSync(join(place.root, 'layers', hexOf(top), 'fs/etc/name'), 'utf8'), 'top');
      assert.deepEqual(place.events.map(({ action, actorId, attributes }) => ({ action, actorId, attributes })), [
        { action: 'pull', actorId: `${registry.host}/a/b:v1`, attributes: { made: 'here', name: `${registry.host}/a/b` } },
      ]);
      assert.equal(place.leases.holds(image.manifest), false);
    });
  }
}

test('a second pull fetches no manifest and says that the image is up to date', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const { manifest } = addImage(registry, 'a/b', 'v1', { layers: [BASE] });
  await place.pull(`${registry.host}/a/b`, { tag: 'v1' });
  registry.requests.length = 0;
  assert.deepEqual(await place.pull(`${registry.host}/a/b`, { tag: 'v1' }), ['v1: Pulling from a/b', `Digest: ${manifest}`, `Status: Image is up to date for ${registry.host}/a/b:v1`]);
  assert.deepEqual(registry.requests.map(({ method }) => method), ['GET', 'HEAD']);
  const byDigest = await place.pull(`${registry.host}/a/b`, { tag: manifest });
  assert.equal(byDigest[0], `${registry.host}/a/b@${manifest}: Pulling from a/b`);
  await assert.rejects(place.pull(`${registry.host}/other@${manifest}`), { kind: 'not-found' });
});

test('only the layers that are missing are fetched', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const one = addImage(registry, 'a/b', 'one', { layers: [BASE] });
  addImage(registry, 'a/b', 'two', { layers: [BASE, TOP] });
  await place.pull(`${registry.host}/a/b:one`);
  registry.requests.length = 0;
  const told = await place.pull(`${registry.host}/a/b:two`);
  assert.ok(told.includes(`${shortId(one.layers[0] ?? '')}: Already exists`));
  assert.equal(registry.requests.some(({ path }) => path.endsWith(one.layers[0] ?? '-')), false);
});

test('all tags come when none is asked for', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  addImage(registry, 'a/b', 'one', { layers: [BASE] });
  addImage(registry, 'a/b', 'two', { layers: [BASE, TOP] });
  const told = await place.pull(`${registry.host}/a/b`);
  assert.equal(told.at(-1), `Status: Downloaded newer image for ${registry.host}/a/b`);
  const tags = place.records.namesIn(parseReference(`${registry.host}/a/b`)).flatMap(({ reference }) => reference.tag ?? []);
  assert.deepEqual(tags, ['one', 'two']);
});

test('the entry of an index is chosen by platform, also in an index in the index', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const own = addImage(registry, 'a/b', 'own', { layers: [BASE] });
  const foreign = addImage(registry, 'a/b', 'foreign', { layers: [TOP], architecture: s390 });
  const attestation = addImage(registry, 'a/b', 'attestation', { layers: [BASE, TOP] });
  const inner = addIndex(registry, 'a/b', 'inner', [{ digest: foreign.manifest, platform: `linux/${s390}` }]);
  const here = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const root = addIndex(registry, 'a/b', 'v1', [
    { digest: attestation.manifest, platform: 'unknown/unknown' },
    { digest: attestation.manifest, platform: here, mediaType: 'application/vnd.example.unknown' },
    { digest: own.manifest, platform: here },
    { digest: inner, platform: `linux/${s390}`, mediaType: 'application/vnd.oci.image.index.v1+json' },
  ]);
  const told = await place.pull(`${registry.host}/a/b:v1`);
  assert.ok(told.includes(`Digest: ${root}`));
  const chosen = () => place.records.findByName(parseReference(`${registry.host}/a/b:v1`))?.manifest;
  assert.equal(chosen(), own.manifest);
  await place.pull(`${registry.host}/a/b:v1`, { platform: `linux/${s390}` });
  assert.equal(chosen(), foreign.manifest);
  for (const [platform, shown] of [['riscv64', 'linux/riscv64'], ['linux/aarch64/v8', 'linux/arm64/v8']]) {
    await assert.rejects(place.pull(`${registry.host}/a/b:v1`, { platform: platform ?? '' }), { message: `no matching manifest for ${shown} in the manifest list entries` });
  }
});

test('an image for another platform that stands alone is taken with a warning', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  addImage(registry, 'a/b', 'v1', { layers: [BASE], architecture: s390 });
  const told = await place.pull(`${registry.host}/a/b:v1`, { platform: 'linux/riscv64' });
  assert.equal(told.at(-1), `WARNING: image with reference ${registry.host}/a/b:v1 was found but its platform (linux/s390x) does not match the specified platform (linux/riscv64)`);
});

test('a cut connection is continued where it stopped', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const image = addImage(registry, 'a/b', 'v1', { layers: [TOP], pack: 'none' });
  let cuts = 2;
  registry.fault = (request, response) => {
    const blob = registry.blobs.get(image.layers[0] ?? '');
    if (!request.url?.endsWith(image.layers[0] ?? '-') || !blob || cuts-- <= 0) return false;
    const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': blob.length - from, 'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}` });
    response.write(blob.subarray(from, from + 100_000), () => setTimeout(() => response.destroy(), 50));
    return true;
  };
  const told = await place.pull(`${registry.host}/a/b:v1`);
  const ranges = registry.requests.filter(({ path }) => path.endsWith(image.layers[0] ?? '-')).map(({ headers }) => headers.range);
  assert.deepEqual(ranges, [undefined, 'bytes=100000-', 'bytes=200000-']);
  assert.equal(told.filter((line) => line.endsWith('Retrying in 1 second')).length, 2);
});

const broken: readonly [string, Parameters<typeof addImage>[3], (registry: FakeRegistry, digest: string) => void, RegExp][] = [
  ['a layer with another content', { layers: [TOP] }, (registry, digest) => registry.blobs.set(digest, Buffer.alloc((registry.blobs.get(digest)?.length ?? 0), 1)), /^filesystem layer verification failed for digest sha256:/],
  ['a layer that is too long', { layers: [TOP] }, (registry, digest) => registry.blobs.set(digest, Buffer.alloc(1_000_000)), /^filesystem layer verification failed for digest sha256:/],
  ['a layer that is cut off for good', { layers: [TOP] }, (registry, digest) => registry.blobs.set(digest, Buffer.from(registry.blobs.get(digest)?.subarray(0, 50) ?? [])), /^unexpected EOF$/],
  ['a layer that is missing', { layers: [TOP] }, (registry, digest) => registry.blobs.delete(digest), /^unknown blob$/],
  ['a layer that is no tar', { layers: [Buffer.from('x'.repeat(2000))] }, () => undefined, /^failed to register layer: /],
  ['a layer that climbs out', { layers: [tarOf({ '../../evil': 'x' })] }, () => undefined, /^failed to register layer: .*climbs out of its root/],
  ['a layer that is not the one of the configuration', { layers: [TOP], diffIds: [digestOf(BASE)] }, () => undefined, /^failed to register layer: /],
  ['a configuration with more layers than the manifest', { layers: [TOP], diffIds: [digestOf(TOP), digestOf(BASE)] }, () => undefined, /^layers from manifest don't match image configuration$/],
];
for (const [name, image, harm, message] of broken) {
  test(`${name} fails the pull and leaves nothing that claims to be whole`, async () => {
    await using registry = await FakeRegistry.start();
    await using place = await PullPlace.open();
    const { layers } = addImage(registry, 'a/b', 'v1', image);
    harm(registry, layers[0] ?? '');
    await assert.rejects(place.pull(`${registry.host}/a/b:v1`), { name: /Error/, message });
    assert.deepEqual(place.records.all(), []);
    assert.deepEqual(place.events, []);
    assert.deepEqual(place.snapshots.listLayers(), []);
    assert.deepEqual(readdirSync(join(place.root, 'layers')).filter((each) => each !== '.empty'), []);
  });
}

test('what a registry has not, or does not give, is told as Docker tells it', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  addImage(registry, 'a/b', 'v1', { layers: [BASE] });
  const name = `${registry.host}/a/b`;
  await assert.rejects(place.pull(`${name}:nope`), { kind: 'not-found', message: `manifest for ${name}:nope not found: manifest unknown: manifest unknown` });
  registry.fault = (_, response) => {
    refuse(response, 403, 'DENIED', 'requested access to the resource is denied');
    return true;
  };
  await assert.rejects(place.pull(`${name}:v1`), {
    kind: 'not-found',
    message: `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
  });
});

test('documents that are no images are refused by name', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const add = (tag: string, mediaType: string, content: unknown) => registry.addManifest('a/b', tag, mediaType, content);
  add('schema1', 'application/vnd.docker.distribution.manifest.v1+prettyjws', { schemaVersion: 1, fsLayers: [] });
  const page = add('html', 'text/html', '<html></html>');
  const config = { mediaType: 'application/vnd.cncf.helm.config.v1+json', size: 2, digest: registry.addBlob(Buffer.from('{}')) };
  add('helm', 'application/vnd.oci.image.manifest.v1+json', { schemaVersion: 2, config, layers: [] });
  const name = `${registry.host}/a/b`;
  await assert.rejects(place.pull(`${name}:schema1`), { kind: 'invalid', message: new RegExp(`schema 1 support has been removed\\. Suggest the author of ${name}:schema1 to upgrade`) });
  await assert.rejects(place.pull(`${name}:html`), { kind: 'invalid', message: /not JSON/ });
  await assert.rejects(place.pull(`${name}:helm`), { message: 'unsupported media type application/vnd.cncf.helm.config.v1+json' });
  assert.equal((await place.content.list()).some((digest) => digest === page), false);
});

test('two pulls of one image at once fetch each layer once', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const image = addImage(registry, 'a/b', 'v1', { layers: [BASE, TOP] });
  registry.fault = (request, response) => {
    const blob = registry.blobs.get(image.layers[1] ?? '');
    if (!request.url?.endsWith(image.layers[1] ?? '-') || !blob) return false;
    setTimeout(() => response.end(blob), 150);
    return true;
  };
  const [first, second] = await Promise.all([place.pull(`${registry.host}/a/b:v1`), place.pull(`${registry.host}/a/b:v1`)]);
  for (const told of [first, second]) assert.ok(told.includes(`${shortId(image.layers[1] ?? '')}: Pull complete`));
  for (const digest of image.layers) assert.equal(registry.requests.filter(({ path }) => path.endsWith(digest)).length, 1);
});

test('a pull that is cancelled does not take another one along, and leaves what it has for the next', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const image = addImage(registry, 'a/b', 'v1', { layers: [BASE, TOP], pack: 'none' });
  const held = Promise.withResolvers<void>();
  registry.fault = (request, response) => {
    const blob = registry.blobs.get(image.layers[1] ?? '');
    if (!request.url?.endsWith(image.layers[1] ?? '-') || !blob || request.headers.range) return false;
    response.writeHead(200, { 'content-length': blob.length });
    response.write(blob.subarray(0, 200_000), () => setTimeout(held.resolve, 100));
    return true;
  };
  const stop = new AbortController();
  const cancelled = place.pull(`${registry.host}/a/b:v1`, {}, stop.signal);
  await held.promise;
  stop.abort(new Error('context canceled'));
  await assert.rejects(cancelled, /context canceled/);
  await place.pull(`${registry.host}/a/b:v1`);
  const ranges = registry.requests.filter(({ path }) => path.endsWith(image.layers[1] ?? '-')).map(({ headers }) => headers.range);
  assert.deepEqual(ranges, [undefined, 'bytes=200000-']);
  assert.equal(registry.requests.filter(({ path }) => path.endsWith(image.layers[0] ?? '-')).length, 1);
});

test('Docker Hub is asked at its mirror first, which never sees the password', async () => {
  await using mirror = await FakeRegistry.start();
  await using place = await PullPlace.open({ mirrors: [`http://${mirror.host}`] });
  mirror.auth = { kind: 'none' };
  addImage(mirror, 'library/box', '1', { layers: [BASE] });
  const credentials = { username: 'u', password: 'p', identityToken: '', registryToken: '', serverAddress: '' };
  const told = await place.pull('box', { tag: '1', credentials });
  assert.equal(told[0], '1: Pulling from library/box');
  assert.equal(told.at(-1), 'Status: Downloaded newer image for box:1');
  assert.equal(mirror.requests.some(({ headers }) => headers.authorization !== undefined), false);
  assert.deepEqual(place.records.namesIn(parseReference('box')).map(({ reference }) => familiarText(reference).replace(/@.*/, '@')), ['box:1', 'box@'].toSorted());
});

test('a mirror that fails is passed over', async () => {
  await using broken = await FakeRegistry.start();
  await using working = await FakeRegistry.start();
  await using place = await PullPlace.open({ mirrors: ['http://127.0.0.1:1', `http://${broken.host}/`, `http://${working.host}/`] });
  addImage(broken, 'library/box', '1', { layers: [BASE] });
  broken.fault = (request, response) => Boolean(request.url?.includes('/blobs/') && response.writeHead(403).end());
  addImage(working, 'library/box', '1', { layers: [BASE] });
  const told = await place.pull('box', { tag: '1' });
  assert.equal(told.at(-1), 'Status: Downloaded newer image for box:1');
});

test('a registry that asks for patience is given it, within bounds', async () => {
  await using registry = await FakeRegistry.start();
  await using place = await PullPlace.open();
  const image = addImage(registry, 'a/b', 'v1', { layers: [BASE] });
  let refusals = 1;
  let askedFor = '1';
  registry.fault = (request, response) => {
    if (!request.url?.endsWith(image.layers[0] ?? '-') || refusals-- <= 0) return false;
    response.setHeader('retry-after', askedFor);
    refuse(response, 429, 'TOOMANYREQUESTS', 'slow down');
    return true;
  };
  const told = await place.pull(`${registry.host}/a/b:v1`);
  assert.ok(told.includes(`${shortId(image.layers[0] ?? '')}: Retrying in 1 second`));
  await using other = await PullPlace.open();
  [refusals, askedFor] = [1, '3600'];
  await assert.rejects(other.pull(`${registry.host}/a/b:v1`), { message: 'toomanyrequests: slow down' });
});
