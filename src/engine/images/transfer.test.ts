import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { isKind } from '#base/errors.ts';
import { digestOf, hexOf } from '#parts/oci/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '#parts/oci/media-types.ts';
import { makeTar, readTar, type TestEntry } from '#parts/tar/testing.ts';
import { collect, configOf, dockerArchive, never, storeUnderTest, type StoreUnderTest, type TestImage } from './store-testing.ts';

const layer = makeTar([{ name: 'bin/sh', data: 'shell' }]);
const blobEntry = (bytes: Buffer): TestEntry => ({ name: `blobs/sha256/${hexOf(digestOf(bytes))}`, data: bytes });
const descriptor = (mediaType: string, bytes: Buffer, more: object = {}): object => ({ mediaType, digest: digestOf(bytes), size: bytes.length, ...more });
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** Blobs of one image in an OCI layout; the manifest comes last. */
function ociImage(image: TestImage, pack: (layer: Buffer) => Buffer = gzipSync): Buffer[] {
  const config = configOf(image);
  const layers = image.layers.map(pack);
  const manifest = json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor(OCI_CONFIG, config), layers: layers.map((each) => descriptor(`${OCI_LAYER}+gzip`, each)) });
  return [config, ...layers, manifest];
}

function ociLayout(blobs: readonly Buffer[], manifests: readonly object[]): Buffer {
  return makeTar([...blobs.map(blobEntry), { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' }, { name: 'index.json', data: json({ schemaVersion: 2, manifests }) }]);
}

async function refused(it: StoreUnderTest, archive: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(it.load(archive), (thrown) => {
    assert.ok(isKind(thrown, 'invalid'), String((thrown as Error).stack));
    assert.match(thrown.message, message);
    return true;
  });
  assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
  assert.deepEqual(readdirSync(join(it.root, 'content/partial')), []);
  assert.deepEqual(readdirSync(join(it.root, 'layers')), ['.empty']);
}

test('an OCI layout is loaded, of an index the image for this machine', async () => {
  await using it = await storeUnderTest();
  const here = { names: [], layers: [layer] };
  const images = [{ ...here, architecture: 's390x' }, here, { ...here, architecture: 'riscv64' }].map((each) => ociImage(each));
  const platforms = ['s390x', process.arch === 'arm64' ? 'arm64' : 'amd64', 'riscv64'];
  const attestation = descriptor(OCI_MANIFEST, Buffer.from('{}'), { platform: { os: 'unknown', architecture: 'unknown' } });
  const index = json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [attestation, ...images.map((blobs, at) => descriptor(OCI_MANIFEST, blobs.at(-1) as Buffer, { platform: { os: 'linux', architecture: platforms[at] } }))] });
  const archive = ociLayout([...images.flat(), index], [descriptor(OCI_INDEX, index, { annotations: { 'io.containerd.image.name': 'docker.io/library/web:1' } })]);
  assert.deepEqual(await it.load(archive), ['web:1']);
  assert.equal(it.store.get('web:1').architecture, platforms[1]);
  assert.deepEqual(await it.left(), { blobs: 3, layers: 1 }, 'what no image needs of the archive does not stay');
  assert.deepEqual(await it.load(archive, 'linux/s390x'), ['web:1']);
  assert.equal(it.store.get('web:1').architecture, 's390x');
  await assert.rejects(it.load(dockerArchive([{ names: ['x:1'], layers: [layer] }]), 'linux/ppc64le'), (thrown) => isKind(thrown, 'not-found'));
});

test('an image for another machine is loaded where there is no other', async () => {
  await using it = await storeUnderTest();
  const blobs = ociImage({ names: [], layers: [layer], architecture: 's390x' });
  const [id] = await it.load(ociLayout(blobs, [descriptor(OCI_MANIFEST, blobs.at(-1) as Buffer, { annotations: { 'org.opencontainers.image.ref.name': 'latest' } })]));
  assert.match(id ?? '', /^sha256:/, 'a tag alone is no name');
  assert.equal(it.store.get(id ?? '').architecture, 's390x');
});

test('an archive of Docker before 25 is loaded, with layers that come twice as links', async () => {
  await using it = await storeUnderTest();
  const config = configOf({ names: [], layers: [layer, layer] });
  const archive = makeTar([
    { name: 'one/layer.tar', data: layer },
    { name: 'two/layer.tar', type: 'symlink', linkPath: '../one/layer.tar' },
    { name: 'config.json', data: config },
    { name: 'manifest.json', data: json([{ Config: 'config.json', RepoTags: ['a:1'], Layers: ['one/layer.tar', './two/layer.tar'] }]) },
  ]);
  assert.deepEqual(await it.load(gzipSync(archive)), ['a:1']);
  assert.equal(it.store.get('a:1').diffIds.length, 2);
});

test('progress names the layers, and an image that loses its name is told', async () => {
  await using it = await storeUnderTest();
  const big = makeTar([{ name: 'big', data: Buffer.alloc(6 << 20, 'x') }]);
  const told: string[] = [];
  const load = (image: TestImage): Promise<unknown> => it.store.load(Readable.from([dockerArchive([image])]), { platform: '', quiet: false }, collect(told), never);
  await load({ names: ['a:1'], layers: [big] });
  const { id } = it.store.get('a:1');
  await load({ names: ['a:1'], layers: [layer] });
  assert.ok(told.includes(`${hexOf(digestOf(big)).slice(0, 12)} Loading layer`));
  assert.equal(told.at(-1), ` The image a:1 already exists, renaming the old one with ID ${id} to empty string`);
});

test('an archive that is damaged, lies or climbs is refused, and leaves nothing', async () => {
  await using it = await storeUnderTest();
  const good: TestImage = { names: ['a:1'], layers: [layer] };
  const archive = dockerArchive([good]);
  const evil = makeTar([{ name: '../../evil', data: 'x' }]);
  const through = makeTar([{ name: 'l', type: 'symlink', linkPath: '../../../../tmp' }, { name: 'l/evil', data: 'x' }]);
  const cut = gzipSync(layer).subarray(0, -12);
  await refused(it, Buffer.from('garbage\n'), /unexpected EOF/);
  await refused(it, Buffer.alloc(4096, 'garbage'), /archive\/tar: invalid tar header/);
  await refused(it, archive.subarray(0, 700), /unexpected EOF/);
  await refused(it, gzipSync(archive).subarray(0, 100), /unexpected EOF/);
  await refused(it, makeTar([{ name: 'root/x', data: 'x' }]), /neither a manifest.json nor an index.json/);
  await refused(it, makeTar([{ name: 'repositories', data: '{}' }]), /before 1\.10/);
  await refused(it, makeTar([{ name: 'manifest.json', data: '{' }]), /not JSON/);
  await refused(it, makeTar([{ name: 'manifest.json', data: json([{ Config: 'none.json', Layers: [] }]) }]), /has no file "none\.json"/);
  await refused(it, makeTar([{ name: 'manifest.json', data: json([{ Config: '../../../etc/shadow', Layers: [] }]) }]), /climbs out/);
  await refused(it, dockerArchive([{ ...good, names: ['a:1@b'] }]), /invalid reference format/);
  await refused(it, dockerArchive([{ ...good, names: ['BAD:1'] }]), /must be lowercase/);
  await refused(it, dockerArchive([{ ...good, diffIds: [digestOf('another')] }]), /unpacked layer|layer: the content does not match its digest/);
  await refused(it, dockerArchive([{ ...good, diffIds: [] }]), /layers length mismatch: expected 0, got 1/);
  await refused(it, dockerArchive([{ names: ['a:1'], layers: [evil] }]), /"\.\.\/\.\.\/evil" climbs out of its root/);
  await refused(it, dockerArchive([{ names: ['a:1'], layers: [layer, through] }]), /"l\/evil" leads out of its root/);
  await refused(it, dockerArchive([{ names: ['a:1'], layers: [cut], diffIds: [digestOf(layer)] }]), /unexpected EOF/);
  await refused(it, dockerArchive([good], [{ name: '../../x', data: 'x' }]), /climbs out/);
  await refused(it, makeTar([{ name: `blobs/sha256/${'0'.repeat(64)}`, data: 'x' }]), /does not match its digest/);
  await refused(it, makeTar([{ name: 'blobs/sha512/x', data: 'x' }]), /unsupported digest algorithm/);
  const blobs = ociImage({ names: [], layers: [layer] });
  const manifest = blobs.at(-1) as Buffer;
  await refused(it, ociLayout(blobs.slice(0, 1).concat(manifest), [descriptor(OCI_MANIFEST, manifest)]), /the archive has no content/);
  await refused(it, ociLayout([], []), /holds no image/);
  assert.deepEqual(it.events, []);
});

test('an image that is whole stays where a later one of the archive is not', async () => {
  await using it = await storeUnderTest();
  const other = makeTar([{ name: 'x', data: 'x' }]);
  const archive = dockerArchive([{ names: ['good:1'], layers: [layer] }, { names: ['bad:1'], layers: [layer, other], diffIds: [digestOf(layer), digestOf('lie')] }]);
  await assert.rejects(it.load(archive), (thrown) => isKind(thrown, 'invalid'));
  assert.equal(it.store.get('good:1').diffIds.length, 1);
  assert.deepEqual(await it.left(), { blobs: 3, layers: 1 });
});

test('a load that is given up leaves nothing', async () => {
  await using it = await storeUnderTest();
  const stop = new AbortController();
  const archive = dockerArchive([{ names: ['a:1'], layers: [makeTar([{ name: 'big', data: Buffer.alloc(4 << 20) }])] }]);
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < archive.length; at += 65536) {
      if (at > 2 << 20) stop.abort(new Error('the client has gone'));
      yield archive.subarray(at, at + 65536);
    }
  };
  await assert.rejects(it.store.load(Readable.from(pieces()), { platform: '', quiet: true }, () => undefined, stop.signal), /the client has gone/);
  assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
  assert.deepEqual(readdirSync(join(it.root, 'content/partial')), []);
});

test('a save is what docker reads: a docker-archive and an OCI layout', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([{ names: ['web:1'], layers: [layer], created: '2024-05-06T07:08:09Z' }]));
  const found = readTar(await it.save('web:1'));
  const names = found.map(({ entry }) => entry.path);
  assert.deepEqual(names.filter((name) => !name.startsWith('blobs/sha256/') || name.endsWith('/')), ['blobs/', 'blobs/sha256/', 'index.json', 'manifest.json', 'oci-layout', 'repositories']);
  assert.ok(found.every(({ entry, data }) => !/^blobs\/sha256\/./.test(entry.path) || entry.path === `blobs/sha256/${hexOf(digestOf(data))}`));
  const document = (name: string): unknown => JSON.parse(found.find(({ entry }) => entry.path === name)?.data.toString() ?? '');
  const path = `blobs/sha256/${hexOf(digestOf(layer))}`;
  assert.deepEqual(document('manifest.json'), [{
    Config: `blobs/sha256/${it.store.get('web:1').id.slice(7)}`,
    RepoTags: ['web:1'],
    Layers: [path],
    LayerSources: { [digestOf(layer)]: { mediaType: OCI_LAYER, digest: digestOf(layer), size: layer.length } },
  }]);
  const [manifest] = (document('index.json') as { manifests: { annotations: object }[] }).manifests;
  assert.deepEqual(manifest?.annotations, { 'io.containerd.image.name': 'docker.io/library/web:1', 'org.opencontainers.image.ref.name': '1' });
  assert.deepEqual(document('repositories'), { web: { '1': hexOf(digestOf(layer)) } });
});

test('an import makes an image of one layer, with its changes', async () => {
  await using it = await storeUnderTest();
  const id = await it.import(gzipSync(layer), 'bc', [
    'CMD ["sh"]', 'ENV A=b C="d e"', 'ENV F g h', 'EXPOSE 80 81/udp 90-91', 'LABEL x=y "a b"=c', 'VOLUME /data', 'USER u', 'WORKDIR /w', 'WORKDIR sub',
    'STOPSIGNAL 9', 'HEALTHCHECK --interval=5s --retries=2 CMD true', 'ONBUILD RUN x', 'entrypoint e f',
  ]);
  const { config, comment, diffIds, repoTags, history, sizeBytes } = it.store.get('bc');
  assert.equal(it.store.get('bc').id, id);
  assert.deepEqual([comment, diffIds, repoTags, sizeBytes, history.length], ['Imported from -', [digestOf(layer)], ['bc:latest'], 5, 1]);
  assert.deepEqual(config, {
    user: 'u', env: ['A=b', 'C=d e', 'F=g h'], entrypoint: ['/bin/sh', '-c', 'e f'], cmd: ['sh'], workingDir: '/w/sub', labels: { x: 'y', 'a b': 'c' },
    exposedPorts: ['80/tcp', '81/udp', '90/tcp', '91/tcp'], volumes: ['/data'], stopSignal: '9', shell: null, onBuild: ['RUN x'], argsEscaped: false,
    healthcheck: { test: ['CMD-SHELL', 'true'], intervalNs: 5e9, timeoutNs: 0, startPeriodNs: 0, startIntervalNs: 0, retries: 2 },
  });
  assert.deepEqual(it.events, ['tag bc:latest', `import ${id}`]);
});

test('an import may be packed with xz or bzip2, where the host has them', async () => {
  await using it = await storeUnderTest();
  for (const program of ['xz', 'bzip2']) {
    const packed = execFileSync(program, ['-c'], { input: layer });
    assert.deepEqual(it.store.get(await it.import(packed)).diffIds, [digestOf(layer)]);
    await assert.rejects(it.import(packed.subarray(0, -20)), (thrown) => isKind(thrown, 'invalid') && /cut off or damaged/.test(thrown.message));
  }
});

test('an import that cannot be is refused in Docker\'s words, and leaves nothing', async () => {
  await using it = await storeUnderTest();
  const attempt = async (message: string | RegExp, archive: Uint8Array, repository = '', changes: string[] = []): Promise<void> => {
    await assert.rejects(it.import(archive, repository, changes), (thrown) => {
      assert.ok(isKind(thrown, 'invalid'), String(thrown));
      assert.match(thrown.message, message instanceof RegExp ? message : new RegExp(`^${RegExp.escape(message)}$`));
      return true;
    });
    assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
  };
  await attempt('RUN is not a valid change command', layer, '', ['RUN x']);
  await attempt('Invalid containerPort: 99999', layer, '', ['EXPOSE 99999']);
  await attempt('ENV requires at least one argument', layer, '', ['ENV']);
  await attempt('invalid reference format: repository name (library/BAD) must be lowercase', layer, 'BAD');
  await attempt('cannot import digest reference', layer, `a@${digestOf('x')}`);
  await attempt('unexpected EOF', Buffer.from('garbagegarbage'));
  await attempt('unexpected EOF', layer.subarray(0, 515));
  await attempt('unexpected EOF', gzipSync(layer).subarray(0, 40));
  await attempt(/climbs out/, makeTar([{ name: '../x', data: '' }]));
});
