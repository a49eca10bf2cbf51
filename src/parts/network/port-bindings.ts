import { isIP } from 'node:net';
import { EngineError } from '#base/errors.ts';
import type { PortProtocol } from '#parts/host/bound-sockets.ts';
import type { JoinRequest, PortBinding } from './network-driver.ts';

/** One wish for a host port. `first` 0: any free one. */
export interface WantedPort {
  readonly protocol: PortProtocol;
  readonly containerPort: number;
  /** As the user named it (`80/tcp`), the key of all answers. */
  readonly key: string;
  readonly hostIps: readonly string[];
  readonly first: number;
  readonly last: number;
}

/**
 * All host ports that a container wants. Those that leave no choice come first, so that a range or a free choice does
 * not take them away; then by the container's port.
 *
 * @param unnamed the host addresses that stand for "no address given"
 * @throws {EngineError} `invalid`, in Docker's words
 */
export function wantedPorts({ ports, exposedPorts, publishAll }: Pick<JoinRequest, 'ports' | 'exposedPorts' | 'publishAll'>, unnamed: readonly string[]): readonly WantedPort[] {
  const bindings = new Map<string, readonly PortBinding[]>(Object.entries(ports).map(([key, list]) => [portKey(key), list]));
  if (publishAll) {
    for (const key of exposedPorts.map(portKey)) if (!bindings.get(key)?.length) bindings.set(key, [{ hostIp: '', hostPort: '' }]);
  }
  const wanted = [...bindings].flatMap(([key, list]) => {
    const { protocol, port } = parsePortKey(key);
    return list.map((binding) => ({ protocol, containerPort: port, key, hostIps: hostIpsOf(binding, unnamed), ...hostPortsOf(binding) }));
  });
  return wanted.sort((one, other) => freedom(one) - freedom(other) || one.containerPort - other.containerPort || one.protocol.localeCompare(other.protocol));
}

/** `80` and `80/TCP` are `80/tcp`. */
export function portKey(text: string): string {
  const { port, protocol } = parsePortKey(text);
  return `${port}/${protocol}`;
}

/** @throws {EngineError} `invalid`: `invalid port specification: "X"` */
export function parsePortKey(text: string): { readonly port: number; readonly protocol: PortProtocol } {
  const [, digits, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) throw invalidPort(text.split('/')[0] ?? text);
  return { port, protocol: protocol.toLowerCase() as PortProtocol };
}

/** Checks a create request's bindings as far as Docker does. @throws {EngineError} `invalid` */
export function checkPortBindings(ports: JoinRequest['ports']): void {
  wantedPorts({ ports, exposedPorts: [], publishAll: false }, ['0.0.0.0']);
}

function hostPortsOf({ hostPort }: PortBinding): { readonly first: number; readonly last: number } {
  const [, low, high] = /^(?:(\d{1,5})(?:-(\d{1,5}))?)?$/.exec(hostPort) ?? ['', 'bad'];
  const first = Number(low ?? 0);
  const last = Number(high ?? first);
  if (Number.isNaN(first) || first > last || last > 65535) throw invalidPort(hostPort);
  return { first, last };
}

function hostIpsOf({ hostIp }: PortBinding, unnamed: readonly string[]): readonly string[] {
  if (hostIp === '') return unnamed;
  const plain = hostIp.replace(/^\[(.*)\]$/, '$1');
  if (isIP(plain) === 0) throw new EngineError('invalid', `invalid IP address in port binding: ${hostIp}`);
  return [plain];
}

function freedom({ first, last }: WantedPort): number {
  if (first === 0) return 2;
  return first === last ? 0 : 1;
}

function invalidPort(text: string): EngineError {
  return new EngineError('invalid', `invalid port specification: ${JSON.stringify(text)}`);
}
