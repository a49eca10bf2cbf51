import { EngineError } from '#base/errors.ts';

/** What a tmpfs is mounted with unless the options say otherwise. */
const DEFAULTS: readonly string[] = ['noexec', 'nosuid', 'nodev', 'rprivate'];

/** Words that exclude one another stand in one row; the last one given counts. */
const FLAG_ROWS: readonly string[] = [
  'ro rw',
  'suid nosuid',
  'dev nodev',
  'exec noexec',
  'sync async',
  'dirsync',
  'remount',
  'mand nomand',
  'atime noatime',
  'diratime nodiratime',
  'bind rbind',
  'relatime norelatime',
  'strictatime nostrictatime',
  'unbindable runbindable private rprivate shared rshared slave rslave',
];

const ROW_OF: ReadonlyMap<string, number> = new Map(FLAG_ROWS.flatMap((row, index) => row.split(' ').map((word) => [word, index] as const)));
const VALUED: ReadonlySet<string> = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']);

/**
 * The mount options of `--tmpfs TARGET:TEXT` (moby pkg/mount, MergeTmpfsOptions): the defaults, then what was given,
 * each kind once, the last one winning.
 *
 * @throws {EngineError} `internal`, which is what Docker answers at start: `invalid tmpfs option "foo"`
 */
export function tmpfsOptions(text: string): string[] {
  const given = text === '' ? [] : text.split(',');
  const taken = new Set<string | number>();
  const merged: string[] = [];
  for (const option of [...DEFAULTS, ...given].reverse()) {
    if (option === 'defaults') continue;
    const kind = ROW_OF.get(option) ?? valueName(option);
    if (taken.has(kind)) continue;
    taken.add(kind);
    merged.push(option);
  }
  return merged.reverse();
}

function valueName(option: string): string {
  const [name = '', ...rest] = option.split('=');
  if (rest.length === 0 || !VALUED.has(name)) throw new EngineError('internal', `invalid tmpfs option "${name}"`);
  return name;
}

/** The option text of a `--mount type=tmpfs`: `mode=700,size=1m`. */
export function tmpfsMountText(mount: { readonly sizeBytes: number; readonly mode: number; readonly options: readonly (readonly string[])[]; readonly readOnly: boolean }): string {
  const parts: string[] = [];
  if (mount.readOnly) parts.push('ro');
  if (mount.mode !== 0) parts.push(`mode=${mount.mode.toString(8)}`);
  if (mount.sizeBytes !== 0) parts.push(`size=${sizeText(mount.sizeBytes)}`);
  for (const option of mount.options) parts.push(option.join('='));
  return parts.join(',');
}

function sizeText(bytes: number): string {
  for (const [power, suffix] of [[3, 'g'], [2, 'm'], [1, 'k']] as const) {
    if (bytes % 1024 ** power === 0) return `${bytes / 1024 ** power}${suffix}`;
  }
  return String(bytes);
}
