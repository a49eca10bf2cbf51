import { EngineError } from '#base/errors.ts';
import { type ContainerNamespaces, type NamespaceChoice, containerOfMode } from '#parts/runtime/namespaces.ts';
import type { SharedMemory } from '#parts/runtime/spec-input.ts';
import type { Container } from './container.ts';
import type { ContainerRecords } from './records.ts';
import { isLive } from './state.ts';

/** Looks up another container that one refers to. */
export interface Peers {
  /** Pid of its first process. @throws {EngineError} as Docker, where it is not there or does not run */
  runningPid(ref: string, kind: 'pid' | 'ipc'): number;
  get(ref: string): Container;
  /** Where a container that shares its /dev/shm has it in the host. */
  shmOf(container: Container): string;
}

export function peersOf(records: ContainerRecords, shmOf: (container: Container) => string): Peers {
  return {
    get: (ref) => records.get(ref),
    shmOf,
    runningPid(ref, kind) {
      const { id, state } = records.get(ref);
      if (!isLive(state)) throw new EngineError('conflict', `failed to join ${kind.toUpperCase()} namespace: container ${id} is not running`);
      return state.pid;
    },
  };
}

/** Which namespaces the container gets, joins, or leaves to the host. */
export function chooseNamespaces(
  { spec }: Container,
  { networkPath, cgroupVersion, peers }: { readonly networkPath: string | null; readonly cgroupVersion: 1 | 2; readonly peers: Peers },
): ContainerNamespaces {
  const { host, network } = spec;
  const joined = (mode: string, kind: 'pid' | 'ipc'): NamespaceChoice => {
    if (mode === 'host') return 'host';
    const ref = containerOfMode(mode);
    return ref === undefined ? 'private' : { path: `/proc/${peers.runningPid(ref, kind)}/ns/${kind}` };
  };
  const cgroupDefault = cgroupVersion === 2 ? 'private' : 'host'; // privileged or not (moby daemon/daemon_unix.go)
  return {
    network: networkPath === null ? 'host' : { path: networkPath, shared: containerOfMode(network.mode) !== undefined },
    pid: joined(host.pidMode, 'pid'),
    ipc: joined(host.ipcMode, 'ipc'),
    uts: host.utsMode === 'host' ? 'host' : 'private',
    cgroup: host.cgroupnsMode === 'private' || host.cgroupnsMode === 'host' ? host.cgroupnsMode : cgroupDefault,
  };
}

/** /dev/shm as the IPC mode wants it. */
export function sharedMemory(container: Container, sizeBytes: number, peers: Peers): SharedMemory {
  const { ipcMode } = container.spec.host;
  const ref = containerOfMode(ipcMode);
  if (ref !== undefined) {
    peers.runningPid(ref, 'ipc'); // one that does not run is refused for that first
    return sharedBy(peers.get(ref), peers);
  }
  switch (ipcMode) {
    case 'none':
      return { type: 'none' };
    case 'host':
      return { type: 'shared', source: '/dev/shm' };
    case 'shareable':
      return { type: 'shared', source: peers.shmOf(container) };
    default:
      return { type: 'own', sizeBytes };
  }
}

function sharedBy(other: Container, peers: Peers): SharedMemory {
  if (other.spec.host.ipcMode === 'host') return { type: 'shared', source: '/dev/shm' };
  if (other.spec.host.ipcMode === 'shareable') return { type: 'shared', source: peers.shmOf(other) };
  throw new EngineError('invalid', `can't join IPC of container ${other.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`);
}
