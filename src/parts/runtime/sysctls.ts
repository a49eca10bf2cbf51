import { EngineError } from '#base/errors.ts';
import type { ContainerNamespaces, NamespaceChoice } from './namespaces.ts';

/** Kept per IPC namespace (namespaces(7)). */
const IPC_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/** In a network namespace of its own a container may bind low ports and send pings without being root. */
const NETWORK_DEFAULTS: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
};

/**
 * The sysctls to write: Docker's defaults for a private network, then what was asked for.
 *
 * @throws {EngineError} `internal`, which is what Docker answers at start, where one would reach the host
 */
export function sysctlsOf(asked: Readonly<Record<string, string>>, namespaces: ContainerNamespaces, domainname: string): Record<string, string> {
  for (const name of Object.keys(asked)) checkSysctl(name, namespaces);
  return {
    ...(isOwn(namespaces.network) ? NETWORK_DEFAULTS : {}),
    ...(domainname !== '' && namespaces.uts === 'private' ? { 'kernel.domainname': domainname } : {}),
    ...asked,
  };
}

function isOwn(network: NamespaceChoice): boolean {
  return network !== 'host' && (network === 'private' || network.shared !== true);
}

function checkSysctl(name: string, { ipc, network, uts }: ContainerNamespaces): void {
  if (IPC_SYSCTLS.has(name) || name.startsWith('fs.mqueue.')) {
    if (ipc === 'host') throw refused(name, 'is not allowed in the hosts ipc namespace');
  } else if (name.startsWith('net.')) {
    if (network === 'host') throw refused(name, 'not allowed in host network namespace');
  } else if (name === 'kernel.domainname') {
    if (uts === 'host') throw refused(name, 'is not in a separate kernel namespace');
  } else {
    throw refused(name, 'is not in a separate kernel namespace');
  }
}

function refused(name: string, why: string): EngineError {
  return new EngineError('internal', `sysctl "${name}" ${why}`);
}
