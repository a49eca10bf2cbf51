import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One line of /proc/PID/mountinfo. */
export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  /** `major:minor`. */
  readonly device: string;
  /** The part of the file system that is shown. */
  readonly root: string;
  readonly target: string;
  readonly options: readonly string[];
  /** `shared:3`, `master:7`, `propagate_from:2`, `unbindable`. */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** All mounts of this process's namespace, in the order they were made. */
export function listMounts(table = '/proc/self/mountinfo'): readonly MountEntry[] {
  return parseMountInfo(readFileSync(table, 'utf8'));
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export function parseMountInfo(text: string): readonly MountEntry[] {
  return text.split('\n').filter(Boolean).flatMap(parseLine);
}

function parseLine(line: string): readonly MountEntry[] {
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [id, parentId, device, root, target, options] = fields;
  const [type, source, superOptions] = fields.slice(dash + 1);
  if (dash < 0 || target === undefined || type === undefined) return [];
  return [
    {
      id: Number(id),
      parentId: Number(parentId),
      device: device ?? '',
      root: unescaped(root ?? ''),
      target: unescaped(target),
      options: (options ?? '').split(','),
      propagation: fields.slice(6, dash),
      type,
      source: unescaped(source ?? ''),
      superOptions: (superOptions ?? '').split(','),
    },
  ];
}

/** The kernel writes space, tab, newline, backslash and `#` as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** True where something is mounted at exactly this path (its parents' links followed, not its own). */
export function isMountPoint(path: string): boolean {
  let place: string;
  try {
    place = path === '/' ? path : join(realpathSync(dirname(path)), basename(path));
  } catch {
    return false;
  }
  return listMounts().some(({ target }) => target === place);
}
