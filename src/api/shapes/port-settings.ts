import { EngineError } from '#base/errors.ts';
import type { PortBinding } from '#engine/containers/spec.ts';
import type { PortMap } from '#protocol/host-config.ts';

/**
 * Reads `HostConfig.PortBindings`. A port without a protocol is TCP.
 *
 * @throws {EngineError} `invalid`: `invalid port specification: "…"`
 */
export function portBindings(map: PortMap | null): Readonly<Record<string, readonly PortBinding[]>> {
  const bindings: Record<string, readonly PortBinding[]> = {};
  for (const [port, hosts] of Object.entries(map ?? {})) {
    const [number = '', protocol = ''] = port.split('/');
    if (number === '') continue;
    if (!isPort(number)) throw invalidPort(number);
    for (const { HostPort: hostPort } of hosts ?? []) {
      if (!isPortRange(hostPort)) throw invalidPort(hostPort);
    }
    const key = `${Number(number)}/${protocol.toLowerCase() || 'tcp'}`;
    const own = (hosts ?? []).map(({ HostIp: hostIp, HostPort: hostPort }) => ({ hostIp, hostPort }));
    bindings[key] = [...(bindings[key] ?? []), ...own];
  }
  return bindings;
}

/** `ExposedPorts` in the engine's form: ranges opened up, `tcp` where no protocol stands. What is no port is left out. */
export function exposedPorts(ports: Readonly<Record<string, unknown>> | null): readonly string[] {
  const all = Object.keys(ports ?? {}).flatMap((port) => {
    const [range = '', protocol = ''] = port.split('/');
    const [from = '', to = from] = range.split('-');
    if (!isPort(from) || !isPort(to) || Number(from) > Number(to)) return [];
    const count = Number(to) - Number(from) + 1;
    return Array.from({ length: count }, (_, index) => `${Number(from) + index}/${protocol.toLowerCase() || 'tcp'}`);
  });
  return [...new Set(all)];
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function isPortRange(text: string): boolean {
  if (text === '') return true;
  const [from = '', to = from, more] = text.split('-');
  return more === undefined && isPort(from) && isPort(to) && Number(from) <= Number(to);
}

function invalidPort(text: string): EngineError {
  return new EngineError('invalid', `invalid port specification: ${JSON.stringify(text)}`);
}
