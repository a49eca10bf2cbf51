import { isIP, isIPv4 } from 'node:net';
import { EngineError } from '#base/errors.ts';
import type { EndpointSettings, NetworkSettings } from '#engine/containers/spec.ts';
import type { EndpointConfig } from '#protocol/networks.ts';
import type { CreateBody } from './container-body.ts';
import { portBindings } from './port-settings.ts';

/** Networks that the engine brings along; addresses and aliases are for those that users make. */
const PREDEFINED: ReadonlySet<string> = new Set(['bridge', 'default', 'host', 'none']);

/**
 * Reads all of a create request that is about networks.
 *
 * @throws {EngineError} `invalid` with dockerd's words
 */
export function networkSettings(body: CreateBody): NetworkSettings {
  const { HostConfig: host } = body;
  // dockerd shows its own default by name
  const mode = host.NetworkMode === '' || host.NetworkMode === 'default' ? 'bridge' : host.NetworkMode;
  assertMode(mode, body);
  const endpoints = Object.entries(body.NetworkingConfig.EndpointsConfig ?? {}).map(([name, endpoint]): [string, EndpointSettings] => {
    const network = name === 'default' ? 'bridge' : name;
    return [network, endpointSettings(network, endpoint)];
  });
  return {
    mode,
    portBindings: portBindings(host.PortBindings),
    publishAllPorts: host.PublishAllPorts,
    dns: host.Dns ?? [],
    dnsOptions: host.DnsOptions ?? [],
    dnsSearch: host.DnsSearch ?? [],
    extraHosts: extraHosts(host.ExtraHosts ?? []),
    links: links(host.Links ?? []),
    endpoints: withMacAddress(mode, body.MacAddress, Object.fromEntries(endpoints)),
  };
}

function assertMode(mode: string, body: CreateBody): void {
  const { HostConfig: host } = body;
  if (mode === 'host' && (host.Links?.length ?? 0) > 0) {
    throw invalid(`conflicting options: host type networking can't be used with links. This would result in undefined behavior`);
  }
  if (!mode.startsWith('container:')) return;
  if (mode === 'container:') throw invalid('invalid network mode: invalid container format container:<name|id>');
  if (body.Hostname !== '') throw invalid('conflicting options: hostname and the network mode');
  if ((host.Links?.length ?? 0) > 0) {
    throw invalid(`conflicting options: container type network can't be used with links. This would result in undefined behavior`);
  }
  if ((host.Dns?.length ?? 0) > 0) throw invalid('conflicting options: dns and the network mode');
  if ((host.ExtraHosts?.length ?? 0) > 0) throw invalid('conflicting options: custom host-to-IP mapping and the network mode');
  if (host.PublishAllPorts || Object.keys(host.PortBindings ?? {}).length > 0) {
    throw invalid('conflicting options: port publishing and the container type network mode');
  }
  if (Object.keys(body.ExposedPorts ?? {}).length > 0) throw invalid('conflicting options: port exposing and the container type network mode');
}

function endpointSettings(network: string, endpoint: EndpointConfig | null): EndpointSettings {
  if (!endpoint) throw invalid(`invalid config for network ${network}: EndpointsConfig is nil`);
  const ipam = endpoint.IPAMConfig;
  const [ipv4, ipv6] = [ipam?.IPv4Address ?? '', ipam?.IPv6Address ?? ''];
  if (!isMacAddress(endpoint.MacAddress)) throw invalid(`invalid config for network ${network}: invalid MAC address ${endpoint.MacAddress}`);
  const problems = addressProblems(network, endpoint, ipv4, ipv6);
  if (problems.length > 0) {
    const list = problems.length === 1 ? problems[0] : problems.map((problem) => `* ${problem}`).join('\n');
    throw invalid(`invalid config for network ${network}: invalid endpoint settings:\n${list}`);
  }
  return {
    ipv4,
    ipv6,
    linkLocalIps: ipam?.LinkLocalIPs ?? [],
    links: endpoint.Links ?? [],
    aliases: endpoint.Aliases ?? [],
    macAddress: endpoint.MacAddress,
    driverOptions: endpoint.DriverOpts ?? {},
    gatewayPriority: endpoint.GwPriority,
  };
}

function addressProblems(network: string, endpoint: EndpointConfig, ipv4: string, ipv6: string): string[] {
  const problems: string[] = [];
  const predefined = PREDEFINED.has(network);
  if (predefined && (ipv4 !== '' || ipv6 !== '')) problems.push('user specified IP address is supported on user defined networks only');
  if (predefined && (endpoint.Aliases?.length ?? 0) > 0) {
    problems.push('network-scoped alias is supported only for containers in user defined networks');
  }
  if (ipv4 !== '' && !isIPv4(ipv4)) problems.push(`invalid IPv4 address: ${ipv4}`);
  if (ipv6 !== '' && isIP(ipv6) !== 6) problems.push(`invalid IPv6 address: ${ipv6}`);
  return problems;
}

/** The container's own `MacAddress` (before API 1.44) is that of its main network. */
function withMacAddress(mode: string, macAddress: string, endpoints: Record<string, EndpointSettings>): Record<string, EndpointSettings> {
  if (macAddress === '' || mode.startsWith('container:')) return endpoints;
  if (!isMacAddress(macAddress)) throw invalid(`invalid config for network ${mode}: invalid MAC address ${macAddress}`);
  const main = endpoints[mode];
  if (main && main.macAddress !== '' && main.macAddress !== macAddress) {
    throw invalid('the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty');
  }
  return { ...endpoints, [mode]: { ...(main ?? EMPTY_ENDPOINT), macAddress } };
}

const EMPTY_ENDPOINT: EndpointSettings = {
  ipv4: '', ipv6: '', linkLocalIps: [], links: [], aliases: [], macAddress: '', driverOptions: {}, gatewayPriority: 0,
};

function isMacAddress(text: string): boolean {
  return text === '' || /^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i.test(text);
}

function extraHosts(hosts: readonly string[]): readonly string[] {
  for (const host of hosts) {
    const colon = host.indexOf(':');
    if (colon <= 0) throw invalid(`bad format for add-host: ${JSON.stringify(host)}`);
    const address = host.slice(colon + 1).replace(/^\[(.*)\]$/, '$1');
    if (address !== 'host-gateway' && isIP(address) === 0) throw invalid(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
  return hosts;
}

function links(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    if (text === '') throw new EngineError('internal', 'empty string specified for links');
    if (text.split(':').length > 2) throw new EngineError('internal', `bad format for links: ${text}`);
  }
  return texts;
}

function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}
