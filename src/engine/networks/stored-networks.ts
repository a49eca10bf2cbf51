import type { Filters } from '#engine/filters.ts';
import type { BridgeFacts } from '#parts/network/network-driver.ts';
import type { NetworkRecord, NetworkRecords } from '#parts/records/network-records.ts';
import { ambiguousNetwork, noSuchNetwork } from './errors.ts';
import { filterNetworks } from './network-filters.ts';
import type { Network, NetworkMember, Networks } from './networks.ts';

/** Who is in which network now: containers that run. */
export interface NetworkMembers {
  list(): readonly (NetworkMember & { readonly containerId: string; readonly networkId: string })[];
}

interface Parts {
  readonly records: NetworkRecords;
  /** What the driver has made of the default bridge; undefined before it is set up. */
  readonly bridge: () => BridgeFacts | undefined;
  readonly members: NetworkMembers;
}

type ListedNetwork = Network & { readonly builtIn: boolean };

/** Networks as they are stored, with what the host and the running containers add. */
export class StoredNetworks implements Networks {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  list(filters: Filters): readonly Network[] {
    return filterNetworks(this.#all(), filters);
  }

  inspect(ref: string): Network {
    const all = this.#all();
    const exact = all.find(({ id }) => id === ref) ?? all.find(({ name }) => name === ref);
    if (exact !== undefined) return exact;
    const [only, ...others] = ref === '' ? [] : all.filter(({ id }) => id.startsWith(ref));
    if (only === undefined) throw noSuchNetwork(ref);
    if (others.length > 0) throw ambiguousNetwork(ref, others.length + 1);
    return only;
  }

  #all(): readonly ListedNetwork[] {
    const members = Map.groupBy(this.#parts.members.list(), ({ networkId }) => networkId);
    return this.#parts.records.list().map((record) => ({
      ...record,
      scope: 'local',
      ingress: false,
      ...(record.builtIn && record.driver === 'bridge' ? defaultBridge(this.#parts.bridge()) : {}),
      containers: Object.fromEntries((members.get(record.id) ?? []).map(({ containerId, networkId: _network, ...member }) => [containerId, member])),
    }));
  }
}

/** Docker's option names, since tools read them; the interface is ours. */
function defaultBridge(facts: BridgeFacts | undefined): Pick<NetworkRecord, 'subnets' | 'options'> {
  if (facts === undefined) return { subnets: [], options: {} };
  return {
    subnets: [{ subnet: facts.subnet, gateway: facts.gateway, ipRange: '' }],
    options: {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': String(facts.interContainer),
      'com.docker.network.bridge.enable_ip_masquerade': String(facts.masquerade),
      'com.docker.network.bridge.host_binding_ipv4': facts.hostIp || '0.0.0.0',
      'com.docker.network.bridge.name': facts.name,
      'com.docker.network.driver.mtu': String(facts.mtu),
    },
  };
}
