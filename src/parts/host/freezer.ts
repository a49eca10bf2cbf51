import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EngineError } from '#base/errors.ts';
import { type CgroupLayout, cgroupFolders } from './cgroups.ts';

const TIMEOUT_MS = 10_000;

/**
 * Stops all processes of a cgroup, or lets them go on, and waits until the kernel says so.
 *
 * @throws {EngineError} `internal` where this host has no freezer, or it does not freeze in time
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html (cgroup.freeze)
 */
export async function freezeCgroup(layout: CgroupLayout, path: string, frozen: boolean): Promise<void> {
  const files = layout.version === 2 ? unified(layout, path, frozen) : legacy(layout, path, frozen);
  for (const end = Date.now() + TIMEOUT_MS; ; await pause(5)) {
    // v1: what is born while it freezes is frozen by asking again
    writeFileSync(files.ask, files.word, { flag: 'r+' });
    if (files.isDone()) return;
    if (Date.now() > end) {
      if (frozen) writeFileSync(files.ask, files.undo, { flag: 'r+' });
      throw new EngineError('internal', `the cgroup ${path} could not be ${frozen ? 'frozen' : 'thawed'} in ${TIMEOUT_MS / 1000} s`);
    }
  }
}

interface Freezer {
  readonly ask: string;
  readonly word: string;
  readonly undo: string;
  readonly isDone: () => boolean;
}

function unified(layout: CgroupLayout, path: string, frozen: boolean): Freezer {
  const folder = cgroupFolders(layout, path)[0] ?? '';
  const wanted = frozen ? '1' : '0';
  return {
    ask: join(folder, 'cgroup.freeze'),
    word: wanted,
    undo: '0',
    isDone: () => readFileSync(join(folder, 'cgroup.events'), 'utf8').includes(`frozen ${wanted}`),
  };
}

function legacy(layout: CgroupLayout, path: string, frozen: boolean): Freezer {
  const root = layout.hierarchies.get('freezer');
  if (root === undefined) throw new EngineError('internal', 'this host has no freezer cgroup: containers cannot be paused');
  const ask = join(root, path, 'freezer.state');
  const word = frozen ? 'FROZEN' : 'THAWED';
  return { ask, word, undo: 'THAWED', isDone: () => readFileSync(ask, 'utf8').trim() === word };
}
