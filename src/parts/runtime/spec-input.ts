import type { ContainerFilters } from '#parts/security/seccomp/container-filters.ts';
import type { ResolvedDevices } from './devices.ts';
import type { ContainerMount } from './mount-options.ts';
import type { ContainerNamespaces } from './namespaces.ts';
import type { ResourceLimits, SecuritySettings, Ulimit } from './settings.ts';

/** All that a container is to be, with everything looked up already: from here to config.json nothing is asked. */
export interface SpecInput {
  readonly containerId: string;
  /** The mounted root file system. */
  readonly rootfs: string;
  readonly process: ProcessInput;
  /** Empty: the name of the UTS namespace stays. */
  readonly hostname: string;
  readonly domainname: string;
  /** Binds, volumes, the engine's own files below /etc, and tmpfs; they hide default mounts of the same destination. */
  readonly mounts: readonly ContainerMount[];
  readonly shm: SharedMemory;
  readonly limits: ResourceLimits;
  readonly security: SecuritySettings;
  readonly devices: ResolvedDevices;
  readonly oomScoreAdj: number;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly namespaces: ContainerNamespaces;
  /** Absolute, from the root of each hierarchy: `/onggi/<id>`. */
  readonly cgroupPath: string;
  /** The host's init binary that runs as process 1 and reaps; null: none. */
  readonly initPath: string | null;
  readonly host: SpecHost;
}

export interface ProcessInput {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly tty: boolean;
  readonly consoleSize: { readonly rows: number; readonly columns: number } | null;
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** /dev/shm: of its own, one that other containers share (a tmpfs that the engine has mounted), or none. */
export type SharedMemory =
  | { readonly type: 'own'; readonly sizeBytes: number }
  | { readonly type: 'shared'; readonly source: string }
  | { readonly type: 'none' };

/** Facts about the machine and the engine's defaults; found out once (`readSpecHost`). */
export interface SpecHost {
  /** What the engine may hand on. */
  readonly capabilities: readonly string[];
  readonly filters: Pick<ContainerFilters, 'of'>;
  /** The profile of a container that names none; null where the host has no AppArmor. */
  readonly apparmorProfile: string | null;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  /** `default-ulimits` and `no-new-privileges` of daemon.json. */
  readonly ulimits: readonly Ulimit[];
  readonly noNewPrivileges: boolean;
}

/** What the runtime that will read the specification can do. */
export interface RuntimeFeatures {
  /** Takes a compiled filter in an annotation: saves about 12 ms of each start. */
  readonly compiledSeccomp: boolean;
  /** Knows the mount option `rro`. */
  readonly recursiveReadOnly: boolean;
}
