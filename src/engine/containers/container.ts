import type { ContainerSpec } from './spec.ts';
import type { ContainerState } from './state.ts';

/** A container as it is stored. */
export interface Container {
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  /** `sha256:…`; empty for a container that was made without an image. */
  readonly imageId: string;
  readonly createdAt: Date;
  readonly spec: ContainerSpec;
  readonly state: ContainerState;
  readonly runtime: RuntimeFacts;
}

/** What the engine has learned or decided about a container beside what was asked for. */
export interface RuntimeFacts {
  readonly path: string;
  readonly args: readonly string[];
  readonly platform: string;
  readonly restartCount: number;
  /** Stopped by a user: the restart policy `unless-stopped` does not bring it back. */
  readonly stoppedByUser: boolean;
  readonly mounts: readonly MountPoint[];
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** Container port (`80/tcp`) to what it is published at; null is exposed only. Empty while the container does not run. */
  readonly ports: Readonly<Record<string, readonly PublishedPort[] | null>>;
  readonly sandboxId: string;
  readonly sandboxPath: string;
}

export interface MountPoint {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image';
  /** A volume's name; empty otherwise. */
  readonly name: string;
  /** Path in the host. */
  readonly source: string;
  readonly destination: string;
  readonly driver: string;
  readonly mode: string;
  readonly writable: boolean;
  readonly propagation: string;
}

/** One container's place in one network. Empty strings and 0 while it does not run. */
export interface Endpoint {
  readonly networkId: string;
  readonly endpointId: string;
  readonly gateway: string;
  readonly ipv4: string;
  readonly ipv4PrefixLength: number;
  readonly gateway6: string;
  readonly ipv6: string;
  readonly ipv6PrefixLength: number;
  readonly macAddress: string;
  readonly aliases: readonly string[];
  readonly dnsNames: readonly string[];
}

export interface PublishedPort {
  readonly hostIp: string;
  readonly hostPort: number;
}

/** The health check's verdict; `log` holds the last five probes. */
export interface Health {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
  readonly log: readonly { readonly startedAt: Date; readonly endedAt: Date; readonly exitCode: number; readonly output: string }[];
}

/** What `inspect` and `ps` show: the stored container, and what is looked up at the moment of asking. */
export interface ContainerDetails extends Container {
  readonly health: Health | null;
  readonly execIds: readonly string[];
  /** `containers/<id>/<id>-json.log`; empty, as with Docker, where the driver is another than json-file. */
  readonly logPath: string;
  readonly resolvConfPath: string;
  readonly hostnamePath: string;
  readonly hostsPath: string;
  readonly snapshot: { readonly driver: string; readonly facts: Readonly<Record<string, string>> };
  /** Only when sizes were asked for. */
  readonly sizes: { readonly writableBytes: number; readonly rootfsBytes: number } | null;
}
