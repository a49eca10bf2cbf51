import type { ContainerDetails, Endpoint } from '#engine/containers/container.ts';
import type { EndpointSettings } from '#engine/containers/spec.ts';
import type { EndpointConfig, EndpointIpamConfig } from '#protocol/networks.ts';
import { byCodeUnit, listOrNull, mapOrNull, withoutEmpty } from './empty.ts';

/**
 * A container's networks by name: those it was asked to join and those it is in. A container that uses another's network
 * has none of its own.
 */
export function endpointsOf({ spec, runtime }: ContainerDetails): Readonly<Record<string, EndpointConfig>> {
  const { mode, endpoints: asked } = spec.network;
  if (mode.startsWith('container:') || spec.process.networkDisabled) return {};
  const names = new Set([mode === 'default' ? 'bridge' : mode, ...Object.keys(asked), ...Object.keys(runtime.endpoints)]);
  const entries = [...names].sort(byCodeUnit).map((name) => [name, endpointConfig(asked[name], runtime.endpoints[name])]);
  return Object.fromEntries(entries) as Record<string, EndpointConfig>;
}

/** The same for a list, where dockerd leaves out what was asked for. */
export function endpointSummariesOf(container: ContainerDetails): Readonly<Record<string, EndpointConfig>> {
  const entries = Object.entries(endpointsOf(container));
  const bare = { IPAMConfig: null, Links: null, Aliases: null, DriverOpts: null, GwPriority: 0, DNSNames: null };
  return Object.fromEntries(entries.map(([name, endpoint]) => [name, { ...endpoint, ...bare }]));
}

function endpointConfig(asked: EndpointSettings | undefined, joined: Endpoint | undefined): EndpointConfig {
  return {
    IPAMConfig: ipamConfig(asked),
    Links: listOrNull(asked?.links ?? []),
    Aliases: listOrNull(asked?.aliases ?? []),
    MacAddress: joined?.macAddress ?? '',
    DriverOpts: mapOrNull(asked?.driverOptions ?? {}),
    GwPriority: asked?.gatewayPriority ?? 0,
    NetworkID: joined?.networkId ?? '',
    EndpointID: joined?.endpointId ?? '',
    Gateway: joined?.gateway ?? '',
    IPAddress: joined?.ipv4 ?? '',
    IPPrefixLen: joined?.ipv4PrefixLength ?? 0,
    IPv6Gateway: joined?.gateway6 ?? '',
    GlobalIPv6Address: joined?.ipv6 ?? '',
    GlobalIPv6PrefixLen: joined?.ipv6PrefixLength ?? 0,
    DNSNames: listOrNull(joined?.dnsNames ?? []),
  };
}

function ipamConfig(asked: EndpointSettings | undefined): EndpointIpamConfig | null {
  if (!asked || (asked.ipv4 === '' && asked.ipv6 === '' && asked.linkLocalIps.length === 0)) return null;
  return withoutEmpty({ IPv4Address: asked.ipv4, IPv6Address: asked.ipv6, LinkLocalIPs: asked.linkLocalIps }) as EndpointIpamConfig;
}
