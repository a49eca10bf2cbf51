import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { silentLog } from '#base/log.ts';
import { MS, mount, unmountSync } from '#parts/host/mounts.ts';
import { inSandbox } from '#parts/host/testing.ts';
import { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { OverlaySnapshotter } from './overlay.ts';
import { snapshotterContract, type SnapshotterUnderTest } from './snapshotter.contract.ts';

if (inSandbox(import.meta.url)) {
  // On a file system of its own, which takes every mount below it along when it goes.
  const make = (): SnapshotterUnderTest => {
    const place = mkdtempDisposableSync('/tmp/store-overlay-');
    mount({ source: 'tmpfs', target: place.path, type: 'tmpfs', flags: MS.nosuid });
    const [layersRoot, containersRoot] = [join(place.path, 'layers'), join(place.path, 'containers')];
    mkdirSync(containersRoot);
    return {
      folder: place.path,
      layersRoot,
      open: () => OverlaySnapshotter.open({ layersRoot, containersRoot, workers: new LayerWorkers(2), log: silentLog }),
      [Symbol.dispose]: () => {
        unmountSync(place.path, { detach: true });
        place.remove();
      },
    };
  };

  snapshotterContract('overlay', make);

  test('inspect shows the folders as Docker does', async () => {
    using place = make();
    await using snapshots = place.open();
    await snapshots.prepare('c', '');
    const { driver, facts } = snapshots.facts('c');
    assert.equal(driver, 'overlay2');
    assert.deepEqual(Object.keys(facts), ['ID', 'LowerDir', 'MergedDir', 'UpperDir', 'WorkDir']);
  });
}
