import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { isKind } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { MS, mount, unmountSync } from '#parts/host/mounts.ts';
import { mountOverlay } from '#parts/host/overlay.ts';
import { inSandbox } from '#parts/host/testing.ts';
import { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { openSnapshotter } from './open-snapshotter.ts';

if (inSandbox(import.meta.url)) {
  const open = (wanted: string, root: string): string =>
    openSnapshotter(wanted, { layersRoot: join(root, 'layers'), containersRoot: join(root, 'containers'), workers: new LayerWorkers(1), log: silentLog }).driver;

  test('overlayfs is chosen where it works, copying where an overlay carries the data root', () => {
    using place = mkdtempDisposableSync('/tmp/store-driver-');
    mount({ source: 'tmpfs', target: place.path, type: 'tmpfs', flags: MS.nosuid });
    const [lower, upper, work, merged, plain] = ['lower', 'upper', 'work', 'merged', 'plain'].map((name) => join(place.path, name)) as [string, string, string, string, string];
    for (const folder of [lower, upper, work, merged, plain]) mkdirSync(folder);
    mountOverlay({ target: merged, lower: [lower], upper, work });
    try {
      assert.equal(open('', plain), 'overlay2');
      assert.equal(open('vfs', plain), 'vfs');
      assert.equal(open('', merged), 'vfs');
      assert.throws(() => open('overlay2', merged), (thrown) => isKind(thrown, 'invalid') && /set storage-driver to vfs/.test(thrown.message));
      assert.throws(() => open('btrfs', plain), /driver not supported: btrfs/);
      assert.deepEqual(readdirSync(join(plain, 'layers')), ['.empty']);
    } finally {
      unmountSync(merged, { detach: true });
      unmountSync(place.path, { detach: true });
    }
  });
}
