import type { Network } from '#engine/networks/networks.ts';
import type { NetworkInfo, SubnetConfig } from '#protocol/networks.ts';
import { formatGoTime } from '#protocol/timestamps.ts';
import { sortedMap, withoutEmpty } from './empty.ts';

const PREDEFINED: ReadonlySet<string> = new Set(['bridge', 'host', 'none']);

/** A network; its members only where one is looked at by itself. */
export function networkInfo(network: Network, members: boolean): NetworkInfo {
  return {
    Name: network.name,
    Id: network.id,
    Created: formatGoTime(network.createdAt),
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv4: network.enableIpv4,
    EnableIPv6: network.enableIpv6,
    IPAM: {
      Driver: 'default',
      Options: PREDEFINED.has(network.name) ? null : {},
      Config: network.subnets.length > 0 ? network.subnets.map(subnetConfig) : null,
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: network.ingress,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: members ? membersOf(network) : {},
    Options: sortedMap(network.options),
    Labels: sortedMap(network.labels),
  };
}

function subnetConfig({ subnet, gateway, ipRange }: Network['subnets'][number]): SubnetConfig {
  return withoutEmpty({ Subnet: subnet, IPRange: ipRange, Gateway: gateway });
}

function membersOf({ containers }: Network): NetworkInfo['Containers'] {
  const entries = Object.entries(containers).map(([id, { name, endpointId, macAddress, ipv4, ipv6 }]) => [
    id,
    { Name: name, EndpointID: endpointId, MacAddress: macAddress, IPv4Address: ipv4, IPv6Address: ipv6 },
  ]);
  return sortedMap(Object.fromEntries(entries) as NetworkInfo['Containers']);
}
