import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#base/log.ts';
import { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { CopyingSnapshotter } from './copying.ts';
import { snapshotterContract } from './snapshotter.contract.ts';

snapshotterContract('copying', () => {
  const place = mkdtempDisposableSync(join(tmpdir(), 'store-copying-'));
  const [layersRoot, containersRoot] = [join(place.path, 'layers'), join(place.path, 'containers')];
  return {
    folder: place.path,
    layersRoot,
    open: () => CopyingSnapshotter.open({ layersRoot, containersRoot, workers: new LayerWorkers(2), log: silentLog }),
    [Symbol.dispose]: () => place.remove(),
  };
});
