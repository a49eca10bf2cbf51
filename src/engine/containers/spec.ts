import type { Healthcheck } from '#parts/oci/image-config.ts';
import type { ResourceLimits, SecuritySettings } from '#parts/runtime/settings.ts';

/**
 * All that a container was asked to be, after the image's own configuration has been merged in. Plain data: it is
 * stored as JSON and never changes with Docker's wire format (`api/shapes` translates).
 */
export interface ContainerSpec {
  /** The reference as the user gave it; the id it stood for is in the record. */
  readonly image: string;
  readonly process: ProcessSettings;
  readonly host: HostSettings;
  readonly limits: ResourceLimits;
  readonly security: SecuritySettings;
  readonly network: NetworkSettings;
}

export interface ProcessSettings {
  readonly hostname: string;
  readonly domainname: string;
  readonly user: string;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  /** `NAME=value`; a bare `NAME` takes the variable away. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[] | null;
  readonly cmd: readonly string[] | null;
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Container paths that get an anonymous volume. */
  readonly volumes: readonly string[];
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly stopSignal: string | null;
  readonly stopTimeoutSeconds: number | null;
  readonly healthcheck: Healthcheck | null;
  readonly networkDisabled: boolean;
  readonly onBuild: readonly string[] | null;
  readonly shell: readonly string[] | null;
  readonly argsEscaped: boolean;
}

/** `-v source:target:options`. A source that begins with `/` is a host path, otherwise a volume's name. */
export interface BindSetting {
  readonly source: string;
  readonly target: string;
  /** `ro`, `rw`, `z`, `rshared`, `nocopy`, … in the user's order; joined by commas in `inspect`. */
  readonly options: readonly string[];
}

/** `--mount`. Options that do not belong to the type are refused at create. */
export interface MountSetting {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly consistency: string;
  readonly bind: {
    readonly propagation: string;
    readonly nonRecursive: boolean;
    readonly createMountpoint: boolean;
    readonly readOnlyNonRecursive: boolean;
    readonly readOnlyForceRecursive: boolean;
  } | null;
  readonly volume: {
    readonly noCopy: boolean;
    readonly labels: Readonly<Record<string, string>>;
    readonly driver: string;
    readonly driverOptions: Readonly<Record<string, string>>;
    readonly subpath: string;
  } | null;
  readonly image: { readonly subpath: string } | null;
  readonly tmpfs: { readonly sizeBytes: number; readonly mode: number; readonly options: readonly (readonly string[])[] } | null;
}

export type RestartPolicyName = 'no' | 'always' | 'unless-stopped' | 'on-failure';

export interface RestartPolicy {
  readonly name: RestartPolicyName;
  readonly maximumRetryCount: number;
}

export interface HostSettings {
  readonly binds: readonly BindSetting[];
  readonly mounts: readonly MountSetting[];
  /** Target to options text (`size=64m,noexec`). */
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly volumesFrom: readonly string[];
  readonly volumeDriver: string;
  readonly containerIdFile: string;
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  readonly restartPolicy: RestartPolicy;
  readonly autoRemove: boolean;
  readonly init: boolean | null;
  readonly runtime: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly groupAdd: readonly string[];
  readonly ipcMode: string;
  readonly pidMode: string;
  readonly utsMode: string;
  readonly cgroupnsMode: string;
  readonly cgroup: string;
  readonly oomScoreAdj: number;
  readonly shmSizeBytes: number;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly storageOpt: Readonly<Record<string, string>>;
  readonly isolation: string;
  /** `[height, width]` as the client's terminal had it. */
  readonly consoleSize: readonly [number, number];
}

/** One `-p`: an empty host port is any free one; `8000-8010` is any free one of these. */
export interface PortBinding {
  readonly hostIp: string;
  readonly hostPort: string;
}

export interface EndpointSettings {
  readonly ipv4: string;
  readonly ipv6: string;
  readonly linkLocalIps: readonly string[];
  readonly links: readonly string[];
  readonly aliases: readonly string[];
  readonly macAddress: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly gatewayPriority: number;
}

export interface NetworkSettings {
  /** `default`, `bridge`, `host`, `none`, `container:NAME`, or a network's name. */
  readonly mode: string;
  /** By container port, `80/tcp`. */
  readonly portBindings: Readonly<Record<string, readonly PortBinding[]>>;
  readonly publishAllPorts: boolean;
  readonly dns: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly dnsSearch: readonly string[];
  /** `name:address`. */
  readonly extraHosts: readonly string[];
  readonly links: readonly string[];
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}
