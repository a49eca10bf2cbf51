import { posix } from 'node:path';
import type { SecurityOptions } from '#parts/security/security-options.ts';
import { ociMount } from './mount-options.ts';
import type { OciMount } from './oci-spec.ts';
import type { RuntimeFeatures, SharedMemory, SpecInput } from './spec-input.ts';

/** Where the init binary appears inside; Docker's path, which people know from `ps`. */
export const INIT_TARGET = '/sbin/docker-init';

/** The kernel's file systems first, then what was asked for, so that deeper mounts come after those they lie in. */
export function mountsOf(input: SpecInput, options: SecurityOptions, features: RuntimeFeatures): OciMount[] {
  const asked = input.mounts.map((mount) => ociMount(mount, features.recursiveReadOnly));
  const asks = (path: string): boolean => asked.some(({ destination }) => clean(destination) === path);
  // A /dev of the user's brings a /dev/shm of its own.
  const shm = input.shm.type === 'own' && asks('/dev') ? [] : sharedMemory(input.shm);
  const engine = [...shm, ...(input.initPath === null ? [] : [initMount(input.initPath)])];
  const own = [...engine.filter(({ destination }) => !asks(destination)), ...asked];
  own.sort((a, b) => depth(a.destination) - depth(b.destination));

  const covered = new Set(own.map(({ destination }) => clean(destination)));
  const hides = ({ destination }: OciMount): boolean => covered.has(destination) || (covered.has('/dev') && destination.startsWith('/dev/'));
  return [...kernelMounts(input.security.privileged, options.writableCgroups).filter((mount) => !hides(mount)), ...own];
}

function kernelMounts(privileged: boolean, writableCgroups: boolean): OciMount[] {
  const sysfs = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: privileged ? sysfs : [...sysfs, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: privileged || writableCgroups ? sysfs : ['ro', ...sysfs] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  ];
}

function sharedMemory(shm: SharedMemory): OciMount[] {
  const destination = '/dev/shm';
  switch (shm.type) {
    case 'own':
      return [{ destination, type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shm.sizeBytes}`] }];
    case 'shared':
      return [{ destination, type: 'bind', source: shm.source, options: ['rbind', 'rprivate'] }];
    case 'none':
      return [];
    default:
      return shm satisfies never;
  }
}

function initMount(source: string): OciMount {
  return { destination: INIT_TARGET, type: 'bind', source, options: ['bind', 'ro'] };
}

function clean(path: string): string {
  return posix.normalize(path).replace(/(.)\/+$/, '$1');
}

function depth(path: string): number {
  return clean(path).split('/').length;
}
