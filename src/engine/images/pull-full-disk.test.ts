import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { isKind } from '#base/errors.ts';
import { MS, mount, unmountSync } from '#parts/host/mounts.ts';
import { inSandbox } from '#parts/host/testing.ts';
import { FakeRegistry } from '#parts/registry/testing.ts';
import { addImage, PullPlace, tarOf } from './pull-testing.ts';

if (inSandbox(import.meta.url)) {
  for (const [what, pack, megabytes] of [['blob', 'none', 20], ['unpacked layer', 'none', 10], ['unpacked layer of a small blob', 'gzip', 30]] as const) {
    test(`a disk that is too small for a ${what} is said so, and nothing of the pull stays on it`, async () => {
      using folder = mkdtempDisposableSync('/tmp/pull-full-');
      mount({ source: 'tmpfs', target: folder.path, type: 'tmpfs', flags: MS.nosuid, data: 'size=16m' });
      try {
        await using registry = await FakeRegistry.start();
        await using place = await PullPlace.at(folder.path);
        addImage(registry, 'a/b', 'v1', { layers: [tarOf({ small: 'x' }), tarOf({ big: Buffer.alloc(megabytes << 20, 'x') })], pack });
        await assert.rejects(place.pull(`${registry.host}/a/b:v1`), (thrown) => isKind(thrown, 'internal') && /no space left on device/.test(thrown.message));
        assert.deepEqual(await place.content.list(), []);
        assert.deepEqual(readdirSync(join(folder.path, 'content/partial')), []);
        assert.deepEqual(readdirSync(join(folder.path, 'layers')), ['.empty']);
        addImage(registry, 'a/b', 'v2', { layers: [tarOf({ small: 'x' })] });
        assert.match((await place.pull(`${registry.host}/a/b:v2`)).at(-1) ?? '', /Downloaded newer image/);
      } finally {
        unmountSync(folder.path, { detach: true });
      }
    });
  }
}
