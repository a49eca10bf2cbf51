import { posix } from 'node:path';
import { join } from 'node:path';
import { cgroupFolders, type CgroupLayout } from '#parts/host/cgroups.ts';

const DEFAULT_PARENT = '/onggi';

/**
 * Where a container's cgroup lies below the root of each hierarchy: `/onggi/<id>`, or below `--cgroup-parent`. Always
 * absolute and without `..`, so that it is the same place for the runtime, for the engine and after a restart.
 */
export function cgroupPathOf(parent: string, containerId: string): string {
  return posix.join(posix.resolve('/', parent === '' ? DEFAULT_PARENT : parent), containerId);
}

/** The files that tell of processes killed for want of memory: `memory.oom_control` on v1, `memory.events` on v2. */
export function oomFiles(layout: CgroupLayout, cgroupPath: string): readonly string[] {
  if (layout.version === 2) return cgroupFolders(layout, cgroupPath).map((folder) => join(folder, 'memory.events'));
  const memory = layout.hierarchies.get('memory');
  return memory === undefined ? [] : [join(memory, cgroupPath, 'memory.oom_control')];
}

/** Docker's default: a namespace of its own on v2, the host's on v1. */
export function defaultCgroupNamespace(layout: CgroupLayout): 'private' | 'host' {
  return layout.version === 2 ? 'private' : 'host';
}
