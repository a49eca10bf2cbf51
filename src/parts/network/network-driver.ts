import type { PortProtocol } from '#parts/host/bound-sockets.ts';

/** Connects containers to the network of this host. */
export interface NetworkDriver {
  /**
   * Makes the bridge, its rules and its settings, or finds them from an earlier run; what runs is not disturbed.
   *
   * @returns what was chosen; stable while the bridge exists
   * @throws {EngineError} `unavailable` where nft is missing; `internal` with the kernel's words
   */
  setUp(): Promise<BridgeFacts>;
  /** What `setUp` has made; undefined before. */
  bridge(): BridgeFacts | undefined;
  /**
   * Gives a container its place. On failure nothing is left.
   *
   * @throws {EngineError} with Docker's words, where a port, an address or the bridge cannot be had
   */
  join(request: JoinRequest, cancel: AbortSignal): Promise<Sandbox>;
  /**
   * After a restart of the engine: takes a running container's place over as it was stored, without touching it.
   * Between `setUp` and `sweep`. Undefined where its namespace is gone.
   */
  restore(request: RestoreRequest): Sandbox | undefined;
  /** After all `restore`s: removes the namespaces, interfaces and published ports of containers that are gone. */
  sweep(): Promise<void>;
  /** Puts back what another program has changed in our rules. Cheap when nothing has. @returns true when it had to */
  verify(): Promise<boolean>;
  /** Removes the bridge, the rules and all namespaces: for tests and for an uninstall. Containers lose their network. */
  tearDown(): Promise<void>;
}

export interface BridgeFacts {
  /** `onggi0`. */
  readonly name: string;
  /** `172.17.0.0/16`. */
  readonly subnet: string;
  readonly gateway: string;
  readonly mtu: number;
  readonly interContainer: boolean;
  readonly masquerade: boolean;
  /** Where a port is published that names no host address; empty is everywhere. */
  readonly hostIp: string;
}

/** `host` shares this host's network; `none` has a loopback only. */
export type SandboxMode = 'bridge' | 'none' | 'host';

export interface JoinRequest {
  readonly mode: SandboxMode;
  /** For messages: Docker calls an endpoint by its container's name. */
  readonly containerName: string;
  readonly networkId: string;
  /** Empty: made from the address, so that a new owner of an address has its neighbours' caches right. */
  readonly macAddress: string;
  /** Empty: the lowest that is free. */
  readonly ipv4: string;
  /** By container port, `80/tcp`. */
  readonly ports: Readonly<Record<string, readonly PortBinding[]>>;
  /** `80/tcp`; published at a free port each with `publishAll`. */
  readonly exposedPorts: readonly string[];
  readonly publishAll: boolean;
}

/** One `-p`: an empty host port is any free one; `8000-8010` is any free one of these. */
export interface PortBinding {
  readonly hostIp: string;
  readonly hostPort: string;
}

/** As stored in the container's record while it ran. */
export interface RestoreRequest {
  readonly mode: SandboxMode;
  readonly containerName: string;
  readonly sandboxId: string;
  readonly endpoint: EndpointFacts;
  readonly ports: Readonly<Record<string, readonly PublishedPort[] | null>>;
}

/** A container's place in the network. Disposing it leaves: rules, interface, address and namespace are given back. */
export interface Sandbox extends AsyncDisposable {
  readonly id: string;
  /** What `inspect` shows as SandboxKey. */
  readonly path: string;
  /** The namespace file that the runtime joins; undefined is the host's own network. */
  readonly netNamespace: string | undefined;
  readonly endpoint: EndpointFacts;
  /** By container port; null is exposed and not published. */
  readonly ports: Readonly<Record<string, readonly PublishedPort[] | null>>;
  /**
   * Sockets that hold the published ports against other programs. Whoever inherits them (the shim) keeps the ports
   * while the engine is away; then `closeDescriptors`.
   */
  readonly descriptors: readonly number[];
  closeDescriptors(): void;
}

/** The same shape as the engine's own Endpoint. Empty strings and 0 for what this mode has not. */
export interface EndpointFacts {
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

/** A published port with both its ends. */
export interface PortMapping {
  readonly protocol: PortProtocol;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerIp: string;
  readonly containerPort: number;
}
