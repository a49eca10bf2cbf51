import type { NetworkMembers } from '#engine/networks/stored-networks.ts';
import type { ContainerRecords } from './records.ts';
import { isLive } from './state.ts';

/** The running containers as their networks see them. */
export function networkMembers(records: ContainerRecords): NetworkMembers {
  return {
    list: () =>
      records.list().filter(({ state }) => isLive(state)).flatMap(({ id, name, runtime }) =>
        Object.values(runtime.endpoints).map((endpoint) => ({
          containerId: id, name,
          networkId: endpoint.networkId,
          endpointId: endpoint.endpointId,
          macAddress: endpoint.macAddress,
          ipv4: endpoint.ipv4 === '' ? '' : `${endpoint.ipv4}/${endpoint.ipv4PrefixLength}`,
          ipv6: endpoint.ipv6 === '' ? '' : `${endpoint.ipv6}/${endpoint.ipv6PrefixLength}`,
        })),
      ),
  };
}
