import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '#base/errors.ts';
import { listMounts } from '#parts/host/mount-table.ts';
import type { ContainerMount } from '#parts/runtime/mount-options.ts';
import { containerOfMode } from '#parts/runtime/namespaces.ts';
import { checkPropagation } from '#parts/runtime/propagation.ts';
import { tmpfsMountText } from '#parts/runtime/tmpfs-options.ts';
import type { Container, MountPoint } from './container.ts';
import type { Peers } from './namespaces.ts';

/** Files that each container has of its own, by their names in its folder. */
export const OWN_FILES: readonly (readonly [string, string])[] = [
  ['/etc/resolv.conf', 'resolv.conf'],
  ['/etc/hostname', 'hostname'],
  ['/etc/hosts', 'hosts'],
];

/**
 * All that is mounted over the root: what the user asked for, and the files of the network. Host folders of `-v` that
 * are not there are made, as Docker does.
 */
export async function containerMounts(container: Container, folder: string, peers: Peers): Promise<readonly ContainerMount[]> {
  const { spec, runtime } = container;
  const mounts: ContainerMount[] = [];
  for (const [destination, options] of Object.entries(spec.host.tmpfs)) mounts.push({ type: 'tmpfs', destination, options });
  for (const mount of runtime.mounts) mounts.push(await requested(container, mount));
  const taken = new Set(mounts.map(({ destination }) => destination));
  // who shares another's network has its names too
  const sharedWith = containerOfMode(spec.network.mode);
  const own = sharedWith === undefined ? folder : join(folder, '..', peers.get(sharedWith).id);
  for (const [destination, name] of OWN_FILES) {
    // as with Docker, part of a read-only root
    const readOnly = spec.security.readonlyRootfs;
    if (!taken.has(destination)) mounts.push({ type: 'bind', source: join(own, name), destination, readOnly, propagation: 'rprivate' });
  }
  checkPropagation(mounts, listMounts);
  return mounts;
}

async function requested({ spec }: Container, mount: MountPoint): Promise<ContainerMount> {
  const { destination, source, writable } = mount;
  const asked = spec.host.mounts.find(({ target }) => target.replace(/(.)\/+$/, '$1') === destination);
  if (mount.type === 'tmpfs') {
    const { sizeBytes = 0, mode = 0, options = [] } = asked?.tmpfs ?? {};
    return { type: 'tmpfs', destination, options: tmpfsMountText({ sizeBytes, mode, options, readOnly: !writable }) };
  }
  if (mount.type === 'bind' && (!asked || asked.bind?.createMountpoint)) await makeFolder(source);
  return {
    type: 'bind',
    source, destination,
    readOnly: !writable,
    readOnlyNonRecursive: asked?.bind?.readOnlyNonRecursive ?? false,
    nonRecursive: asked?.bind?.nonRecursive ?? false,
    propagation: mount.propagation,
  };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown; // a file is as good
  }
}
