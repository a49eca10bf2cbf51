import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from '#base/errors.ts';
import { listMounts, type MountEntry } from './mount-table.ts';
import { killProcess, startTimeOf } from './processes.ts';

const SIGKILL = 9;

/** How this host's control groups are laid out. */
export interface CgroupLayout {
  /** 2 where /sys/fs/cgroup is the one unified tree, otherwise 1. */
  readonly version: 1 | 2;
  /** Version 1 with a version 2 tree beside it (systemd's "hybrid"); that tree has no controllers worth the name. */
  readonly hybrid: boolean;
  /** Where the version 2 tree is mounted; undefined where there is none. */
  readonly unified: string | undefined;
  /** Version 1: mount point by controller (`memory`, `name=systemd`). Empty with version 2. */
  readonly hierarchies: ReadonlyMap<string, string>;
  /** Names that can limit something: `cpu`, `memory`, `pids`, … */
  readonly controllers: ReadonlySet<string>;
}

/** @see https://man7.org/linux/man-pages/man7/cgroups.7.html */
export function detectCgroups(mounts: readonly MountEntry[] = listMounts()): CgroupLayout {
  const unified = mounts.find(({ type }) => type === 'cgroup2')?.target;
  const hierarchies = new Map<string, string>();
  for (const { type, target, superOptions } of mounts) {
    if (type !== 'cgroup') continue;
    for (const option of superOptions) if (!NOT_CONTROLLERS.has(option)) hierarchies.set(option, target);
  }
  const version = hierarchies.size === 0 && unified !== undefined ? 2 : 1;
  return {
    version,
    hybrid: version === 1 && unified !== undefined,
    unified,
    hierarchies,
    controllers: new Set(version === 2 ? wordsOf(join(unified ?? '', 'cgroup.controllers')) : [...hierarchies.keys()].filter((name) => !name.includes('='))),
  };
}

const NOT_CONTROLLERS: ReadonlySet<string> = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'all', 'cpuset_v2_mode', 'favordynmods']);

function wordsOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
  } catch {
    return [];
  }
}

/** The cgroups of a process, by controller; the key of the version 2 tree is empty. Lines of /proc/PID/cgroup. */
export function parseProcCgroup(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** The folders (one with version 2, one per hierarchy with version 1) of the cgroup called `path`. */
export function cgroupFolders(layout: CgroupLayout, path: string): readonly string[] {
  if (layout.version === 2) return [join(layout.unified ?? '/sys/fs/cgroup', path)];
  return [...new Set(layout.hierarchies.values())].map((mountPoint) => join(mountPoint, path));
}

/** Pids, as this process's pid namespace sees them, in the cgroup and all below it; empty when it is gone. */
export function listPids(folder: string): readonly number[] {
  try {
    const own = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...below.flatMap(({ name }) => listPids(join(folder, name)))];
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENODEV') return [];
    throw thrown;
  }
}

/** The processes of a cgroup by its name: from the pids hierarchy of version 1, or the one tree of version 2. */
export function listCgroupPids(layout: CgroupLayout, path: string): readonly number[] {
  const folders = cgroupFolders(layout, path);
  const best = layout.hierarchies.get('pids') ?? layout.hierarchies.get('freezer');
  return listPids(best === undefined ? (folders[0] ?? '') : join(best, path));
}

/**
 * Kills everything in the cgroup and below it, with children that are born meanwhile, and waits for their end.
 * Does not remove the cgroup.
 *
 * @returns false when something is still there after `timeoutMs`
 */
export async function killCgroup(layout: CgroupLayout, path: string, timeoutMs = 5000): Promise<boolean> {
  if (layout.version === 2) askKernelToKill(cgroupFolders(layout, path)[0] ?? '');
  for (const end = Date.now() + timeoutMs; ; await pause(10)) {
    const pids = listCgroupPids(layout, path);
    if (pids.length === 0) return true;
    if (Date.now() > end) return false;
    for (const pid of pids) {
      const startTime = startTimeOf(pid);
      if (startTime !== undefined) killProcess(pid, startTime, SIGKILL);
    }
  }
}

/** `cgroup.kill` is there since Linux 5.14; without it the pids are killed one by one. */
function askKernelToKill(folder: string): void {
  try {
    writeFileSync(join(folder, 'cgroup.kill'), '1', { flag: 'r+' });
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT' && codeOf(thrown) !== 'EACCES') throw thrown;
  }
}

/** Removes an empty cgroup with the empty ones below it, in every hierarchy. Not being there is no error. */
export function removeCgroup(layout: CgroupLayout, path: string): void {
  for (const folder of cgroupFolders(layout, path)) removeTree(folder);
}

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name));
    rmdirSync(folder);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}
