import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import test from 'node:test';
import { containerDetails, fake, testApi } from '#api/testing.ts';
import { EngineError } from '#base/errors.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { Image, Images } from '#engine/images/images.ts';
import type { System } from '#engine/system/system.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { ImageInspect, ImageSummary } from '#protocol/images.ts';
import { encodeRegistryAuth } from '#protocol/registry-auth.ts';
import type { DiskUsageInfo, DiskUsageSums } from '#protocol/system.ts';

const ID = 'sha256:a4879ce1d3b288c1ce76d9b157f05d88d7c9f7e23844c37ead81af286eccabaf';
const LAYER = 'sha256:9a27a14f0e0d9b708f45bfb0136533fda519956769eeffa2bcd682df7f014f3c';

function image(more: Partial<Image> = {}): Image {
  const step = { createdAt: new Date('2026-11-22T05:57:35.327Z'), createdBy: '', author: '', comment: 'Imported from -', emptyLayer: false, sizeBytes: 1_982_369 };
  return {
    id: ID, repoTags: ['busybox:latest'], repoDigests: [], parent: '', comment: 'Imported from -', author: '',
    createdAt: new Date('2026-11-22T05:57:35.327Z'), architecture: 'amd64', variant: '', os: 'linux', osVersion: '',
    config: {
      user: '', env: [], entrypoint: null, cmd: ['sh'], workingDir: '', labels: {}, exposedPorts: [], volumes: [], stopSignal: null,
      healthcheck: null, shell: null, onBuild: null, argsEscaped: false,
    },
    diffIds: [LAYER], chainId: LAYER, sizeBytes: 1_982_369, lastTaggedAt: new Date('2026-11-22T05:57:35.329Z'), history: [step], ...more,
  };
}

test('image shapes are dockerd’s of each version', async () => {
  const images = fake<Images>({ get: () => image(), list: () => [image()], history: () => [{ ...image().history[0]!, id: ID, tags: ['busybox:latest'] }] });
  const containers = fake<Containers>({ list: () => Promise.resolve([containerDetails({})]) });
  await using api = await testApi({ images, containers });
  const row = { Created: 1_795_327_055, Id: ID, Labels: null, ParentId: '', RepoDigests: [], RepoTags: ['busybox:latest'], SharedSize: -1, Size: 1_982_369 };
  assert.equal((await api.ask('GET', '/v1.51/images/json')).text, `[${JSON.stringify({ Containers: 1, ...row })}]\n`);
  assert.equal((await api.ask('GET', '/v1.43/images/json')).text, `[${JSON.stringify({ Containers: -1, ...row, VirtualSize: 1_982_369 })}]\n`);
  assert.equal(
    (await api.ask('GET', '/images/busybox/history')).text,
    `[{"Comment":"Imported from -","Created":1795327055,"CreatedBy":"","Id":"${ID}","Size":1982369,"Tags":["busybox:latest"]}]\n`,
  );
  const shown = (await api.ask('GET', '/v1.51/images/a/b/busybox:latest/json')).json<ImageInspect>();
  assert.deepEqual(shown.Config, { Cmd: ['sh'], Entrypoint: null, Env: null, Labels: null, OnBuild: null, User: '', Volumes: null, WorkingDir: '' });
  assert.equal(shown.Created, '2026-11-22T05:57:35.327Z');
  assert.equal(shown.Metadata.LastTagTime, '2026-11-22T05:57:35.329Z');
  const old = (await api.ask('GET', '/v1.43/images/busybox/json')).json<ImageInspect>();
  assert.equal(old.Config?.Hostname, '');
  assert.equal(old.VirtualSize, 1_982_369);
  assert.equal(old.ContainerConfig?.Image, '');
});

test('an image without names was called <none> before 1.43', async () => {
  const images = fake<Images>({ list: () => [image({ repoTags: [] })] });
  await using api = await testApi({ images });
  assert.deepEqual((await api.ask('GET', '/v1.42/images/json')).json<ImageSummary[]>()[0]?.RepoTags, ['<none>:<none>']);
  assert.deepEqual((await api.ask('GET', '/v1.43/images/json')).json<ImageSummary[]>()[0]?.RepoTags, []);
});

test('a pull streams its progress; it fails with a status before the first message and in the stream after it', async () => {
  const requests: unknown[] = [];
  const images = fake<Images>({
    pull: (request, report) => {
      requests.push(request);
      if (request.reference === 'nope') return Promise.reject(new EngineError('not-found', 'pull access denied for nope'));
      report({ id: 'latest', status: 'Pulling from library/nginx' });
      report({ id: 'abc', status: 'Pulling fs layer' });
      report({ id: 'abc', status: 'Downloading', current: 5, total: 5 });
      report({ id: '', status: 'Digest: sha256:x' });
      return request.reference === 'half' ? Promise.reject(new EngineError('internal', 'unexpected EOF')) : Promise.resolve();
    },
  });
  await using api = await testApi({ images });
  const auth = encodeRegistryAuth({ username: 'u', password: 'p' });
  const pulled = await api.ask('POST', '/images/create?fromImage=nginx&tag=1&platform=linux/arm64', undefined, { 'X-Registry-Auth': auth });
  const lines = [
    '{"status":"Pulling from library/nginx","id":"latest"}',
    '{"status":"Pulling fs layer","progressDetail":{},"id":"abc"}',
    `{"status":"Downloading","progressDetail":{"current":5,"total":5},"progress":"[${'='.repeat(50)}>]       5B/5B","id":"abc"}`,
    '{"status":"Digest: sha256:x"}',
  ];
  assert.equal(pulled.text, lines.map((line) => `${line}\r\n`).join(''));
  const credentials = { username: 'u', password: 'p', identityToken: '', registryToken: '', serverAddress: '' };
  assert.deepEqual(requests, [{ reference: 'nginx', tag: '1', platform: 'linux/arm64', credentials }]);
  const refused = await api.ask('POST', '/images/create?fromImage=nope');
  assert.equal(refused.status, 404);
  const half = await api.ask('POST', '/images/create?fromImage=half');
  assert.equal(half.status, 200);
  assert.ok(half.text.endsWith('{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"}\r\n'));
});

test('load, import and save carry archives', async () => {
  const images = fake<Images>({
    load: async (archive, { platform }) => {
      const text = Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>)).toString();
      if (text === 'garbage') throw new EngineError('invalid', 'not a tar');
      return [`${text}:latest`, `sha256:${platform}`];
    },
    import: async (archive, request) => {
      await Array.fromAsync(archive);
      return JSON.stringify(request);
    },
    save: (refs) => (refs[0] === 'nope' ? Promise.reject(new EngineError('not-found', 'No such image: nope')) : Promise.resolve(Readable.from([Buffer.from(refs.join())]))),
  });
  await using api = await testApi({ images });
  const tar = { 'Content-Type': 'application/x-tar' };
  const loaded = await api.ask('POST', '/images/load?platform={"os":"linux","architecture":"arm64"}', 'busybox', tar);
  assert.equal(loaded.text, '{"stream":"Loaded image: busybox:latest\\n"}\r\n{"stream":"Loaded image ID: sha256:linux/arm64\\n"}\r\n');
  const bad = await api.ask('POST', '/images/load', 'garbage', tar);
  assert.equal(bad.status, 200);
  assert.equal(bad.text, '{"errorDetail":{"message":"not a tar"},"error":"not a tar"}\r\n');
  const imported = await api.ask('POST', '/images/create?fromSrc=-&repo=r&tag=t&message=m&changes=CMD%20x&changes=USER%20y', 'tar', tar);
  const request = { repository: 'r', tag: 't', message: 'm', changes: ['CMD x', 'USER y'], platform: '' };
  assert.deepEqual(imported.json(), { status: JSON.stringify(request) });
  assert.equal((await api.ask('POST', '/images/create?fromSrc=http://x/y', undefined)).status, 501);
  const saved = await api.ask('GET', '/images/get?names=a&names=b');
  assert.equal(saved.text, 'a,b');
  assert.equal(saved.headers['content-type'], 'application/x-tar');
  assert.equal((await api.ask('GET', '/images/a/b/get')).text, 'a/b');
  assert.equal((await api.ask('GET', '/images/nope/get')).status, 404);
});

test('a load that fails in the middle of a long upload is told why', async () => {
  const images = fake<Images>({
    load: async (archive) => {
      for await (const chunk of archive as AsyncIterable<Buffer>) if (chunk.length > 0) break;
      throw new EngineError('invalid', 'not a tar');
    },
  });
  await using api = await testApi({ images });
  const long = Buffer.alloc(32 * 1024 * 1024, 'x');
  const bad = await api.ask('POST', '/images/load', long, { 'Content-Type': 'application/x-tar' });
  assert.equal(bad.text, '{"errorDetail":{"message":"not a tar"},"error":"not a tar"}\r\n');
});

test('an archive that breaks in the middle breaks the connection', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('half');
    await new Promise((resolve) => setTimeout(resolve, 10));
    throw new Error('the disk is gone');
  }
  await using api = await testApi({ images: fake<Images>({ save: () => Promise.resolve(Readable.from(broken())) }) });
  await assert.rejects(api.ask('GET', '/images/a/get'), { code: 'ECONNRESET' });
});

test('tag, remove and prune', async () => {
  const images = fake<Images>({
    tag: () => {},
    remove: () => Promise.resolve([{ untagged: 'a/b:c' }, { deleted: ID }]),
    prune: () => Promise.resolve({ removed: [], reclaimedBytes: 0 }),
  });
  await using api = await testApi({ images });
  assert.equal((await api.ask('POST', '/images/busybox/tag?repo=a/b&tag=c')).status, 201);
  assert.equal((await api.ask('DELETE', '/images/a/b:c')).text, `[{"Untagged":"a/b:c"},{"Deleted":"${ID}"}]\n`);
  assert.equal((await api.ask('POST', '/images/prune')).text, '{"ImagesDeleted":null,"SpaceReclaimed":0}\n');
});

test('disk usage adds up what there is', async () => {
  const base = image();
  const above = image({ id: 'sha256:b', repoTags: ['app:1'], diffIds: [LAYER, 'sha256:2'], sizeBytes: 2_000_000, history: [...base.history, { ...base.history[0]!, sizeBytes: 17_631 }] });
  const volume = { name: 'v', driver: 'local', mountpoint: '/m', createdAt: new Date(0), labels: {}, options: {}, anonymous: false };
  const details = containerDetails({}, { state: { status: 'running', pid: 1, generation: 1, startedAt: new Date() }, sizes: { writableBytes: 9, rootfsBytes: 5 } });
  await using api = await testApi({
    images: fake<Images>({ list: () => [base, above] }),
    containers: fake<Containers>({ list: () => Promise.resolve([details]) }),
    volumes: fake<Volumes>({ list: () => [volume], weigh: () => Promise.resolve(77) }),
    system: fake<System>({ diskUsage: () => Promise.resolve({ layersBytes: 2_000_000 }) }),
  });
  const old = (await api.ask('GET', '/v1.51/system/df')).json<DiskUsageInfo>();
  assert.equal(old.LayersSize, 2_000_000);
  assert.deepEqual(old.Images?.map(({ SharedSize, Containers }) => [SharedSize, Containers]), [[1_982_369, 1], [1_982_369, 0]]);
  assert.deepEqual(old.Volumes?.[0]?.UsageData, { RefCount: 0, Size: 77 });
  assert.deepEqual(old.BuildCache, []);
  const only = (await api.ask('GET', '/v1.51/system/df?type=volume')).json<DiskUsageInfo>();
  assert.deepEqual([only.LayersSize, only.Images, only.Containers, only.BuildCache], [0, null, null, null]);
  const sums = (await api.ask('GET', '/system/df')).json<DiskUsageSums>();
  assert.deepEqual(sums.ImageUsage, { ActiveCount: 1, TotalCount: 2, Reclaimable: 17_631, TotalSize: 2_000_000 });
  assert.deepEqual(sums.ContainerUsage, { ActiveCount: 1, TotalCount: 1, Reclaimable: 0, TotalSize: 9 });
  assert.equal((await api.ask('GET', '/system/df?verbose=1')).json<DiskUsageSums>().VolumeUsage?.Items?.[0]?.Name, 'v');
  assert.deepEqual((await api.ask('GET', '/system/df?type=bogus')).json(), { message: 'unknown object type: bogus' });
});
