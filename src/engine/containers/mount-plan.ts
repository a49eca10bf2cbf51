import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { EngineError, codeOf } from '#base/errors.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { MountPoint } from './container.ts';
import type { ContainerRecords } from './records.ts';
import type { BindSetting, ContainerSpec, MountSetting } from './spec.ts';

interface Parts {
  readonly volumes: Volumes;
  readonly records: ContainerRecords;
}

/** A mount that is to be, and whether the image's content goes into it when it is an empty volume. */
export interface PlannedMount extends MountPoint {
  readonly copyUp: boolean;
}

const PROPAGATIONS: ReadonlySet<string> = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);

/**
 * Decides what is mounted where: `-v`, `--mount`, `--volumes-from`, then an anonymous volume for each path that the
 * image or the user asked for and nothing else covers. Volumes are made here; `undo` takes away the anonymous ones.
 */
export async function planMounts(spec: ContainerSpec, parts: Parts, undo: AsyncDisposableStack): Promise<readonly PlannedMount[]> {
  const planned = new Map<string, PlannedMount>();
  for (const from of spec.host.volumesFrom) {
    for (const mount of inherited(from, parts.records)) planned.set(mount.destination, mount);
  }
  const own = new Set<string>(Object.keys(spec.host.tmpfs).map(clean));
  const add = (mount: PlannedMount): void => {
    if (own.has(mount.destination)) throw new EngineError('invalid', `Duplicate mount point: ${mount.destination}`);
    own.add(mount.destination);
    planned.set(mount.destination, mount);
  };
  for (const bind of spec.host.binds) add(await plannedBind(bind, spec.host.volumeDriver, parts.volumes));
  for (const mount of spec.host.mounts) add(await plannedMount(mount, parts.volumes, undo));
  for (const target of spec.process.volumes) {
    const destination = clean(target);
    if (planned.has(destination) || Object.hasOwn(spec.host.tmpfs, destination)) continue;
    planned.set(destination, await anonymousVolume(destination, spec.host.volumeDriver, parts.volumes, undo));
  }
  return [...planned.values()];
}

/** Absolute, without `.`, `..` and a slash at the end. */
function clean(target: string): string {
  const path = posix.normalize(target).replace(/(.)\/+$/, '$1');
  if (path === '/') throw new EngineError('invalid', `invalid specification: destination can't be '/'`);
  return path;
}

function inherited(from: string, records: ContainerRecords): PlannedMount[] {
  const [name = '', mode = ''] = from.split(':', 2);
  if (mode !== '' && mode !== 'ro' && mode !== 'rw' && mode !== 'z' && mode !== 'Z') {
    throw new EngineError('invalid', `invalid volume specification: '${from}': invalid mode: ${mode}`);
  }
  const found = records.find(name);
  // dockerd answers 400 here, not 404
  if (!found) throw new EngineError('invalid', `No such container: ${name}`);
  return found.runtime.mounts.map((mount) => ({ ...mount, writable: mount.writable && mode !== 'ro', copyUp: false }));
}

async function plannedBind(bind: BindSetting, volumeDriver: string, volumes: Volumes): Promise<PlannedMount> {
  const { options } = bind;
  const shared = {
    destination: clean(bind.target),
    mode: options.join(','),
    writable: !options.includes('ro') && !options.includes('readonly'),
  };
  if (bind.source.startsWith('/')) {
    const propagation = options.find((option) => PROPAGATIONS.has(option)) ?? 'rprivate';
    return { ...shared, type: 'bind', name: '', driver: '', source: posix.normalize(bind.source), propagation, copyUp: false };
  }
  const volume = await volumes.create({ name: bind.source, driver: volumeDriver, options: {}, labels: {} });
  return {
    ...shared,
    // Docker shows `z` for a named volume without options
    mode: shared.mode === '' ? 'z' : shared.mode,
    type: 'volume', name: volume.name, driver: volume.driver, source: volume.mountpoint, propagation: '',
    copyUp: !options.includes('nocopy'),
  };
}

async function plannedMount(mount: MountSetting, volumes: Volumes, undo: AsyncDisposableStack): Promise<PlannedMount> {
  const destination = clean(mount.target);
  const shared = { destination, writable: !mount.readOnly, name: '', driver: '', mode: '', propagation: '', copyUp: false };
  switch (mount.type) {
    case 'bind':
      await assertBindSource(mount);
      return { ...shared, type: 'bind', source: posix.normalize(mount.source), propagation: mount.bind?.propagation || 'rprivate' };
    case 'tmpfs':
      return { ...shared, type: 'tmpfs', source: '' };
    case 'volume': {
      if (mount.volume?.subpath) throw notThere('volume-subpath');
      const { driver = '', driverOptions = {}, labels = {}, noCopy = false } = mount.volume ?? {};
      const made = mount.source === ''
        ? await anonymousVolume(destination, driver, volumes, undo)
        : { ...(await volumes.create({ name: mount.source, driver, options: driverOptions, labels })) };
      const [name, source] = 'mountpoint' in made ? [made.name, made.mountpoint] : [made.name, made.source];
      return { ...shared, type: 'volume', name, source, driver: 'local', mode: 'z', copyUp: !noCopy };
    }
    case 'image':
    case 'npipe':
    case 'cluster':
      throw notThere(`--mount type=${mount.type}`);
    default:
      return mount.type satisfies never;
  }
}

function notThere(what: string): EngineError {
  return new EngineError('not-implemented', `${what} is not there yet: use a bind mount or a volume`);
}

async function assertBindSource({ source, bind }: MountSetting): Promise<void> {
  try {
    await stat(source);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' && bind?.createMountpoint) return;
    throw new EngineError('invalid', `invalid mount config for type "bind": bind source path does not exist: ${source}`, { cause: thrown });
  }
}

async function anonymousVolume(destination: string, driver: string, volumes: Volumes, undo: AsyncDisposableStack): Promise<PlannedMount> {
  const volume = await volumes.create({ name: '', driver, options: {}, labels: {} });
  undo.defer(() => volumes.remove(volume.name, { force: true }));
  return {
    type: 'volume', name: volume.name, driver: volume.driver, source: volume.mountpoint,
    destination, mode: '', writable: true, propagation: '', copyUp: true,
  };
}
