import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { isKind } from '#base/errors.ts';
import { MS, mount, unmountSync } from '#parts/host/mounts.ts';
import { inSandbox } from '#parts/host/testing.ts';
import { makeTar } from '#parts/tar/testing.ts';
import { digestOf } from '#parts/oci/digest.ts';
import { dockerArchive, storeUnderTest, type TestImage } from './store-testing.ts';

if (inSandbox(import.meta.url)) {
  test('a full disk is said so, leaves nothing, and the store goes on', async () => {
    using place = mkdtempDisposableSync('/tmp/store-full-');
    mount({ source: 'tmpfs', target: place.path, type: 'tmpfs', flags: MS.nosuid, data: 'size=16m' });
    try {
      await using it = await storeUnderTest(place.path);
      const before = await it.left();
      const fails = async (work: () => Promise<unknown>): Promise<void> => {
        await assert.rejects(work(), (thrown) => isKind(thrown, 'internal') && /no space left on device/.test(thrown.message));
        assert.deepEqual(await it.left(), before);
        assert.deepEqual(readdirSync(join(place.path, 'content/partial')), []);
        assert.deepEqual(readdirSync(join(place.path, 'layers')), ['.empty']);
      };
      const plain = (megabytes: number): Buffer => makeTar([{ name: 'big', data: Buffer.alloc(megabytes << 20, 'x') }]);
      const packed: TestImage = { names: ['a:1'], layers: [gzipSync(plain(20))], diffIds: [digestOf(plain(20))] };
      await fails(() => it.load(dockerArchive([{ names: ['a:1'], layers: [plain(20)] }])));
      await fails(() => it.load(dockerArchive([{ names: ['a:1'], layers: [plain(10)] }])));
      await fails(() => it.load(dockerArchive([packed])));
      await fails(() => it.import(plain(10)));
      await fails(() => it.import(plain(20)));
      assert.deepEqual(await it.load(dockerArchive([{ names: ['small:1'], layers: [plain(2)] }])), ['small:1']);
    } finally {
      unmountSync(place.path, { detach: true });
    }
  });
}
