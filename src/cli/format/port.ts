import type { PortMap } from '#protocol/host-config.ts';
import { compareNatural } from './natural-order.ts';

/**
 * What `port` prints: where a container's ports are published.
 *
 * @param wanted `80` or `80/tcp`; nothing means all
 * @throws {Error} when that port is not published, in docker's words
 */
export function formatPorts(container: string, ports: PortMap, wanted?: string): string {
  const lines = wanted === undefined ? all(ports) : one(container, ports, wanted);
  return lines.toSorted(compareNatural).map((line) => `${line}\n`).join('');
}

function all(ports: PortMap): string[] {
  return Object.entries(ports).flatMap(([port, places]) => (places ?? []).map((place) => `${port} -> ${address(place)}`));
}

function one(container: string, ports: PortMap, wanted: string): string[] {
  const [port = '', protocol = 'tcp'] = wanted.split('/');
  if (!/^\d+$/.test(port)) throw new Error(`Error: invalid port (${port}): strconv.ParseUint: parsing "${port}": invalid syntax`);
  if (Number(port) > 65535) throw new Error(`Error: invalid port (${port}): strconv.ParseUint: parsing "${port}": value out of range`);
  const places = ports[`${port}/${protocol}`] ?? [];
  if (places.length === 0) throw new Error(`Error: No public port '${wanted}' published for ${container}`);
  return places.map(address);
}

function address({ HostIp: ip, HostPort: port }: { readonly HostIp: string; readonly HostPort: string }): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
