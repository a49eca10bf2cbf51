import type { ContainerSummary } from './containers.ts';
import type { ImageSummary } from './images.ts';
import type { VolumeInfo } from './volumes.ts';

export interface VersionInfo {
  readonly Platform: { readonly Name: string };
  readonly Components: readonly {
    readonly Name: string;
    readonly Version: string;
    readonly Details?: Readonly<Record<string, string>>;
  }[];
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
  readonly GitCommit: string;
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion: string;
  readonly Experimental?: boolean;
  readonly BuildTime: string;
}

/** `GET /info`; the fields that clients read. */
export interface SystemInfo {
  readonly ID: string;
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly ContainersPaused: number;
  readonly ContainersStopped: number;
  readonly Images: number;
  readonly Driver: string;
  readonly DriverStatus: readonly (readonly [string, string])[];
  readonly Plugins: {
    readonly Volume: readonly string[];
    readonly Network: readonly string[];
    readonly Authorization: readonly string[] | null;
    readonly Log: readonly string[];
  };
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly KernelMemory?: boolean;
  readonly KernelMemoryTCP?: boolean;
  readonly CpuCfsPeriod: boolean;
  readonly CpuCfsQuota: boolean;
  readonly CPUShares: boolean;
  readonly CPUSet: boolean;
  readonly PidsLimit: boolean;
  readonly IPv4Forwarding: boolean;
  readonly BridgeNfIptables?: boolean;
  readonly BridgeNfIp6tables?: boolean;
  readonly Debug: boolean;
  readonly NFd: number;
  readonly OomKillDisable: boolean;
  readonly NGoroutines: number;
  readonly SystemTime: string;
  readonly LoggingDriver: string;
  readonly CgroupDriver: string;
  readonly CgroupVersion?: string;
  readonly NEventsListener: number;
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly OSVersion: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly IndexServerAddress: string;
  readonly RegistryConfig: {
    readonly AllowNondistributableArtifactsCIDRs?: null;
    readonly AllowNondistributableArtifactsHostnames?: null;
    readonly IndexConfigs: Readonly<Record<string, IndexConfig>>;
    readonly InsecureRegistryCIDRs: readonly string[];
    readonly Mirrors: readonly string[] | null;
  };
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly GenericResources: null;
  readonly DockerRootDir: string;
  readonly HttpProxy: string;
  readonly HttpsProxy: string;
  readonly NoProxy: string;
  readonly Name: string;
  readonly Labels: readonly string[];
  readonly ExperimentalBuild: boolean;
  readonly ServerVersion: string;
  readonly Runtimes: Readonly<Record<string, { readonly path: string }>>;
  readonly DefaultRuntime: string;
  readonly Swarm: {
    readonly NodeID: string;
    readonly NodeAddr: string;
    readonly LocalNodeState: string;
    readonly ControlAvailable: boolean;
    readonly Error: string;
    readonly RemoteManagers: null;
  };
  readonly LiveRestoreEnabled: boolean;
  readonly Isolation: string;
  readonly InitBinary: string;
  readonly ContainerdCommit: { readonly ID: string; readonly Expected?: string };
  readonly RuncCommit: { readonly ID: string; readonly Expected?: string };
  readonly InitCommit: { readonly ID: string; readonly Expected?: string };
  readonly SecurityOptions: readonly string[];
  readonly FirewallBackend?: { readonly Driver: string };
  readonly CDISpecDirs: readonly string[];
  readonly Warnings: readonly string[] | null;
}

export interface IndexConfig {
  readonly Mirrors: readonly string[];
  readonly Name: string;
  readonly Official: boolean;
  readonly Secure: boolean;
}

/** `GET /system/df` before API 1.52, and with it where `verbose` is not asked for. */
export interface DiskUsageInfo {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly ContainerSummary[] | null;
  readonly Volumes: readonly VolumeInfo[] | null;
  readonly BuildCache: readonly never[] | null;
}

/** `GET /system/df` since API 1.52: sums per kind, `Items` where `verbose` is asked for. */
export interface DiskUsageSums {
  readonly ImageUsage?: UsageSum<ImageSummary>;
  readonly ContainerUsage?: UsageSum<ContainerSummary>;
  readonly VolumeUsage?: UsageSum<VolumeInfo>;
  readonly BuildCacheUsage?: UsageSum<never>;
}

export interface UsageSum<Item> {
  readonly ActiveCount: number;
  readonly TotalCount: number;
  readonly Reclaimable: number;
  readonly TotalSize: number;
  readonly Items?: readonly Item[];
}

export interface AuthResponse {
  readonly Status: string;
  readonly IdentityToken: string;
}
