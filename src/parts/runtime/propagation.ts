import { EngineError } from '#base/errors.ts';
import type { MountEntry } from '#parts/host/mount-table.ts';
import type { ContainerMount } from './mount-options.ts';

const SHARED: ReadonlySet<string> = new Set(['shared', 'rshared']);
const SLAVE: ReadonlySet<string> = new Set(['slave', 'rslave']);

/**
 * What the container's root must be for its binds to pass mounts on; undefined: it does not matter (runtimes then make
 * it private).
 */
export function rootfsPropagation(mounts: readonly ContainerMount[]): 'shared' | 'rslave' | undefined {
  const wanted = mounts.map((mount) => (mount.type === 'bind' ? mount.propagation : ''));
  if (wanted.some((word) => SHARED.has(word))) return 'shared';
  return wanted.some((word) => SLAVE.has(word)) ? 'rslave' : undefined;
}

/**
 * Docker's check at start: what a shared bind comes from must be shared itself.
 *
 * @param readTable asked only where it matters: it grows with the number of containers
 * @throws {EngineError} `internal`: `path /x is mounted on / but it is not a shared mount`
 */
export function checkPropagation(mounts: readonly ContainerMount[], readTable: () => readonly MountEntry[]): void {
  for (const mount of mounts) {
    if (mount.type !== 'bind' || (!SHARED.has(mount.propagation) && !SLAVE.has(mount.propagation))) continue;
    const { target, options } = mountOf(mount.source, readTable());
    const isShared = options.some((option) => option.startsWith('shared:'));
    const isSlave = options.some((option) => option.startsWith('master:'));
    if (SHARED.has(mount.propagation) && !isShared) {
      throw new EngineError('internal', `path ${mount.source} is mounted on ${target} but it is not a shared mount`);
    }
    if (SLAVE.has(mount.propagation) && !isShared && !isSlave) {
      throw new EngineError('internal', `path ${mount.source} is mounted on ${target} but it is not a shared or slave mount`);
    }
  }
}

/** The mount that a path lies on: the deepest, of several on one place the last. */
function mountOf(path: string, table: readonly MountEntry[]): { target: string; options: readonly string[] } {
  let best: MountEntry | undefined;
  for (const entry of table) {
    const holds = entry.target === '/' || path === entry.target || path.startsWith(`${entry.target}/`);
    if (holds && (!best || entry.target.length >= best.target.length)) best = entry;
  }
  return { target: best?.target ?? '/', options: best?.propagation ?? [] };
}
