import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { EngineError, codeOf } from '#base/errors.ts';
import type { Volume } from '#engine/volumes/volumes.ts';
import type { MountPoint } from './container.ts';
import type { NewContainerVolumes } from './new-container-volumes.ts';
import type { ContainerRecords } from './records.ts';
import type { BindSetting, ContainerSpec, MountSetting } from './spec.ts';

interface Parts {
  readonly volumes: NewContainerVolumes;
  readonly records: Pick<ContainerRecords, 'find'>;
}

/** A mount that is to be, and whether the image's content goes into it when it is an empty volume. */
export interface PlannedMount extends MountPoint {
  readonly copyUp: boolean;
}

const PROPAGATIONS: ReadonlySet<string> = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);

/**
 * Decides what is mounted where: `-v`, `--mount`, `--volumes-from`, then an anonymous volume for each path that the
 * image or the user asked for and nothing else covers. Volumes are made here.
 *
 * @throws {EngineError} `invalid` for a place that is taken twice, or for what cannot be mounted
 */
export async function planMounts(spec: ContainerSpec, { volumes, records }: Parts): Promise<readonly PlannedMount[]> {
  const planned = new Map<string, PlannedMount>();
  for (const from of spec.host.volumesFrom) {
    for (const mount of inherited(from, records)) {
      if (mount.type === 'volume') volumes.keep(mount.name);
      planned.set(mount.destination, mount);
    }
  }
  const own = new Set<string>(Object.keys(spec.host.tmpfs).map(clean));
  const add = (mount: PlannedMount): void => {
    if (own.has(mount.destination)) throw new EngineError('invalid', `Duplicate mount point: ${mount.destination}`);
    own.add(mount.destination);
    planned.set(mount.destination, mount);
  };
  for (const bind of spec.host.binds) add(await plannedBind(bind, spec.host.volumeDriver, volumes));
  for (const mount of spec.host.mounts) add(await plannedMount(mount, volumes));
  for (const target of spec.process.volumes) {
    const destination = clean(target);
    if (planned.has(destination) || own.has(destination)) continue;
    const volume = await volumes.anonymous({ driver: spec.host.volumeDriver, options: {}, labels: {} });
    planned.set(destination, { ...mountOf(volume), destination, mode: '', writable: true, copyUp: true });
  }
  return [...planned.values()];
}

/** Absolute, without `.`, `..` and a slash at the end. */
function clean(target: string): string {
  const path = posix.normalize(target).replace(/(.)\/+$/, '$1');
  if (path === '/') throw new EngineError('invalid', `invalid specification: destination can't be '/'`);
  return path;
}

function inherited(from: string, records: Parts['records']): PlannedMount[] {
  const [name = '', mode = ''] = from.split(':', 2);
  if (mode !== '' && mode !== 'ro' && mode !== 'rw' && mode !== 'z' && mode !== 'Z') {
    throw new EngineError('invalid', `invalid volume specification: '${from}': invalid mode: ${mode}`);
  }
  const found = records.find(name);
  // dockerd answers 400 here, not 404
  if (!found) throw new EngineError('invalid', `No such container: ${name}`);
  return found.runtime.mounts.map((mount) => ({ ...mount, writable: mount.writable && mode !== 'ro', copyUp: false }));
}

async function plannedBind(bind: BindSetting, volumeDriver: string, volumes: NewContainerVolumes): Promise<PlannedMount> {
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
  const volume = await volumes.named({ name: bind.source, driver: volumeDriver, options: {}, labels: {} });
  // Docker shows `z` for a named volume without options
  return { ...shared, ...mountOf(volume), mode: shared.mode === '' ? 'z' : shared.mode, copyUp: !options.includes('nocopy') };
}

async function plannedMount(mount: MountSetting, volumes: NewContainerVolumes): Promise<PlannedMount> {
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
      const { driver = '', driverOptions: options = {}, labels = {}, noCopy = false } = mount.volume ?? {};
      const request = { driver, options, labels };
      const volume = mount.source === '' ? await volumes.anonymous(request) : await volumes.named({ ...request, name: mount.source });
      return { ...shared, ...mountOf(volume), mode: 'z', copyUp: !noCopy };
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

function mountOf({ name, driver, mountpoint }: Volume): Pick<PlannedMount, 'type' | 'name' | 'driver' | 'source' | 'propagation'> {
  return { type: 'volume', name, driver, source: mountpoint, propagation: '' };
}
