/** The knobs of one container that end in its OCI runtime specification. All plain data, stored as JSON. */

/** `source` in the host, `target` in the container, `permissions` of `rwm`. */
export interface DeviceMapping {
  readonly source: string;
  readonly target: string;
  readonly permissions: string;
}

export interface DeviceRequest {
  readonly driver: string;
  readonly count: number;
  readonly deviceIds: readonly string[];
  readonly capabilities: readonly (readonly string[])[];
  readonly options: Readonly<Record<string, string>>;
}

/** `name` without `RLIMIT_`, in lower case; -1 is unlimited. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** A limit for one block device: bytes or operations per second, or a weight. */
export interface DeviceRate {
  readonly path: string;
  readonly rate: number;
}

/** Cgroup limits. 0 is "not set" unless said otherwise, as with Docker. */
export interface ResourceLimits {
  readonly nanoCpus: number;
  readonly cpuShares: number;
  readonly cpuPeriodUs: number;
  readonly cpuQuotaUs: number;
  readonly cpuRealtimePeriodUs: number;
  readonly cpuRealtimeRuntimeUs: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly memoryBytes: number;
  /** Memory and swap together; -1 is unlimited swap. */
  readonly memorySwapBytes: number;
  readonly memoryReservationBytes: number;
  readonly kernelMemoryTcpBytes: number;
  /** 0 to 100; null is the host's default. */
  readonly memorySwappiness: number | null;
  readonly oomKillDisable: boolean | null;
  /** null or 0 or -1: unlimited. */
  readonly pidsLimit: number | null;
  readonly blkioWeight: number;
  readonly blkioWeightDevice: readonly DeviceRate[];
  readonly blkioReadBps: readonly DeviceRate[];
  readonly blkioWriteBps: readonly DeviceRate[];
  readonly blkioReadIops: readonly DeviceRate[];
  readonly blkioWriteIops: readonly DeviceRate[];
  readonly devices: readonly DeviceMapping[];
  readonly deviceCgroupRules: readonly string[];
  readonly deviceRequests: readonly DeviceRequest[];
  readonly ulimits: readonly Ulimit[];
  /** Docker's text, kept for `inspect`; empty is `onggi/`. */
  readonly cgroupParent: string;
}

/** What keeps the container's processes in. */
export interface SecuritySettings {
  readonly privileged: boolean;
  readonly readonlyRootfs: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** As given: `no-new-privileges`, `seccomp=…` (the profile's JSON text, or `unconfined`), `apparmor=…`, `label=…`. */
  readonly securityOpt: readonly string[];
  /** null: the default list. */
  readonly maskedPaths: readonly string[] | null;
  readonly readonlyPaths: readonly string[] | null;
  readonly usernsMode: string;
}
