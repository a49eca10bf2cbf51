import type { Filters } from '#engine/filters.ts';

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly driver: string;
  readonly scope: string;
  readonly enableIpv4: boolean;
  readonly enableIpv6: boolean;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ingress: boolean;
  readonly subnets: readonly { readonly subnet: string; readonly gateway: string; readonly ipRange: string }[];
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** By container id; only containers that run. */
  readonly containers: Readonly<Record<string, NetworkMember>>;
}

export interface NetworkMember {
  readonly name: string;
  readonly endpointId: string;
  readonly macAddress: string;
  /** With its prefix length: `172.17.0.2/16`. */
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Networks that containers join. `ref` is a name, an id, or a unique prefix of an id. */
export interface Networks {
  list(filters: Filters): readonly Network[];
  /** @throws {EngineError} `not-found`: `network REF not found` */
  inspect(ref: string): Network;
}
