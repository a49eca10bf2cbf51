import { EngineError } from '#base/errors.ts';
import type { MountSetting } from '#engine/containers/spec.ts';
import type { MountConfig } from '#protocol/host-config.ts';
import { problemOfTarget } from './bind-settings.ts';

type MountBody = Required<MountConfig>;

const PROPAGATIONS: ReadonlySet<string> = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);

/** Which options belong to which type; those of another type are refused. */
const OPTIONS_OF: Readonly<Record<string, 'BindOptions' | 'VolumeOptions' | 'ImageOptions' | 'TmpfsOptions' | 'ClusterOptions'>> = {
  bind: 'BindOptions',
  volume: 'VolumeOptions',
  image: 'ImageOptions',
  tmpfs: 'TmpfsOptions',
  cluster: 'ClusterOptions',
};

/** Mount options of tmpfs that `--mount` may hand on (moby volume/mounts/validate.go). */
const TMPFS_FLAGS: ReadonlySet<string> = new Set([
  'exec', 'noexec', 'dev', 'nodev', 'suid', 'nosuid', 'sync', 'async', 'dirsync', 'nodirsync', 'mand', 'nomand', 'atime', 'noatime',
  'diratime', 'nodiratime', 'bind', 'rbind', 'unbindable', 'runbindable', 'private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave',
  'relatime', 'norelatime', 'strictatime', 'nostrictatime', 'defaults', 'ro', 'rw', 'remount',
]);
const TMPFS_VALUES: ReadonlySet<string> = new Set(['mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol', 'size']);

/**
 * Reads one entry of `HostConfig.Mounts`.
 *
 * @throws {EngineError} `invalid` with dockerd's words
 */
export function mountSetting(mount: MountConfig): MountSetting {
  const body = mount as MountBody;
  for (const [type, field] of Object.entries(OPTIONS_OF)) {
    if (body[field] !== null && type !== body.Type) {
      throw new EngineError('invalid', `${field} must not be specified on mount type "${body.Type}"`);
    }
  }
  const problem = problemOf(body);
  if (problem !== undefined) throw new EngineError('invalid', `invalid mount config for type "${body.Type}": ${problem}`);
  return {
    type: body.Type as MountSetting['type'],
    source: body.Source,
    target: body.Target,
    readOnly: body.ReadOnly,
    consistency: body.Consistency,
    bind: bindOptions(body.BindOptions),
    volume: volumeOptions(body.VolumeOptions),
    image: body.ImageOptions ? { subpath: body.ImageOptions.Subpath ?? '' } : null,
    tmpfs: tmpfsOptions(body.TmpfsOptions),
  };
}

function problemOf(body: MountBody): string | undefined {
  if (body.Target === '') return 'field Target must not be empty';
  const place = problemOfTarget(body.Target);
  switch (body.Type) {
    case 'bind':
      if (body.Source === '') return 'field Source must not be empty';
      return place ?? problemOfBind(body);
    case 'volume':
      return place ?? problemOfVolume(body);
    case 'tmpfs':
      if (body.Source !== '') return 'field Source must not be specified';
      return place ?? problemOfTmpfs(body.TmpfsOptions);
    case 'image':
      return body.Source === '' ? 'field Source must not be empty' : (place ?? problemOfSubpath(body.ImageOptions?.Subpath));
    default:
      return 'mount type unknown';
  }
}

function problemOfBind({ Source: source, BindOptions: options }: MountBody): string | undefined {
  const propagation = options?.Propagation ?? '';
  if (propagation !== '' && !PROPAGATIONS.has(propagation)) return `invalid propagation mode: ${propagation}`;
  if (options?.ReadOnlyForceRecursive && options.ReadOnlyNonRecursive) return 'mutually exclusive fields';
  return source.startsWith('/') ? undefined : `invalid mount path: '${source}' mount path must be absolute`;
}

function problemOfVolume({ Source: source, VolumeOptions: options }: MountBody): string | undefined {
  const subpath = options?.Subpath ?? '';
  if (subpath !== '' && source === '') return 'must not set Subpath when using anonymous volumes';
  return problemOfSubpath(subpath);
}

function problemOfSubpath(subpath: string | undefined): string | undefined {
  if (subpath === undefined || subpath === '') return undefined;
  const outside = subpath.startsWith('/') || subpath.split('/').includes('..');
  return outside ? 'subpath must be a relative path within the volume' : undefined;
}

function problemOfTmpfs(options: MountBody['TmpfsOptions']): string | undefined {
  for (const [name = '', value] of options?.Options ?? []) {
    const known = value === undefined ? TMPFS_FLAGS.has(name) : TMPFS_VALUES.has(name);
    if (!known) return `invalid option: ${value === undefined ? name : `${name}=${value}`}`;
  }
  return undefined;
}

function bindOptions(options: MountBody['BindOptions']): MountSetting['bind'] {
  if (!options) return null;
  return {
    propagation: options.Propagation ?? '',
    nonRecursive: options.NonRecursive ?? false,
    createMountpoint: options.CreateMountpoint ?? false,
    readOnlyNonRecursive: options.ReadOnlyNonRecursive ?? false,
    readOnlyForceRecursive: options.ReadOnlyForceRecursive ?? false,
  };
}

function volumeOptions(options: MountBody['VolumeOptions']): MountSetting['volume'] {
  if (!options) return null;
  return {
    noCopy: options.NoCopy ?? false,
    labels: options.Labels ?? {},
    driver: options.DriverConfig?.Name ?? '',
    driverOptions: options.DriverConfig?.Options ?? {},
    subpath: options.Subpath ?? '',
  };
}

function tmpfsOptions(options: MountBody['TmpfsOptions']): MountSetting['tmpfs'] {
  if (!options) return null;
  return { sizeBytes: options.SizeBytes ?? 0, mode: options.Mode ?? 0, options: options.Options ?? [] };
}
