import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, messageOf } from '#base/errors.ts';
import { unmountSync } from '#parts/host/mounts.ts';
import { mountOverlay } from '#parts/host/overlay.ts';
import { CopyingSnapshotter } from './copying.ts';
import { OverlaySnapshotter, type SnapshotterParts } from './overlay.ts';
import type { Snapshotter } from './snapshotter.ts';

/**
 * Opens the driver that `storage-driver` names; empty means overlayfs, or copying where the file system of the data root
 * does not carry an overlay (another overlay does not, as inside a container).
 *
 * @throws {EngineError} `invalid` for a driver that there is not, or that does not work here
 */
export function openSnapshotter(wanted: string, parts: SnapshotterParts): Snapshotter {
  if (wanted !== '' && wanted !== 'overlay2' && wanted !== 'overlay' && wanted !== 'vfs') {
    throw new EngineError('invalid', `graphdriver: driver not supported: ${wanted}: there are overlay2 and vfs`);
  }
  const obstacle = wanted === 'vfs' ? undefined : overlayObstacle(parts.layersRoot);
  if (wanted !== 'vfs' && obstacle === undefined) return OverlaySnapshotter.open(parts);
  if (wanted !== '' && wanted !== 'vfs') {
    throw new EngineError('invalid', `driver ${wanted} not supported on this file system (${parts.layersRoot}): ${obstacle ?? ''}: set storage-driver to vfs, or move data-root`);
  }
  if (wanted === '') parts.log.warn('overlayfs does not work here: every container gets a copy of its image (storage-driver vfs)', { folder: parts.layersRoot, reason: obstacle });
  return CopyingSnapshotter.open(parts);
}

/** Why no overlay can be mounted on this folder's file system; undefined where one can. */
function overlayObstacle(layersRoot: string): string | undefined {
  mkdirSync(layersRoot, { recursive: true, mode: 0o711 });
  const place = mkdtempSync(join(layersRoot, '.new-probe-'));
  const [lower, upper, work, target] = ['lower', 'upper', 'work', 'merged'].map((name) => join(place, name)) as [string, string, string, string];
  try {
    for (const folder of [lower, upper, work, target]) mkdirSync(folder);
    mountOverlay({ target, lower: [lower], upper, work });
    // Some file systems are taken, but only for reading.
    mkdirSync(join(target, 'written'));
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  } finally {
    unmountSync(target, { detach: true });
    rmSync(place, { recursive: true, force: true });
  }
}
