import type { RegistryCredentials } from '#engine/images/images.ts';

/** What the engine is and how it fares: the facts behind `/version`, `/info`, `/system/df`, `/auth`. */
export interface System {
  /** A client says hello, as the docker command line does before each command: the next request may start something. */
  hello(): void;
  version(): Promise<VersionFacts>;
  info(): Promise<InfoFacts>;
  diskUsage(): Promise<DiskUsage>;
  /** @throws {EngineError} `unauthorized` when the registry refuses them */
  authenticate(credentials: RegistryCredentials, cancel: AbortSignal): Promise<{ readonly status: string; readonly identityToken: string }>;
}

export interface VersionFacts {
  readonly version: string;
  readonly gitCommit: string;
  readonly buildTime: string;
  readonly nodeVersion: string;
  readonly os: string;
  /** Go's word: `amd64`, `arm64`. */
  readonly arch: string;
  readonly kernelVersion: string;
  readonly components: readonly { readonly name: string; readonly version: string; readonly details: Readonly<Record<string, string>> }[];
}

export interface InfoFacts extends VersionFacts {
  readonly id: string;
  readonly hostname: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly dataRoot: string;
  readonly labels: readonly string[];
  readonly debug: boolean;
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly images: number;
  readonly storageDriver: string;
  readonly storageStatus: readonly (readonly [string, string])[];
  readonly loggingDriver: string;
  readonly loggingDrivers: readonly string[];
  readonly cgroupVersion: '1' | '2';
  readonly cgroupDriver: 'cgroupfs' | 'systemd' | 'none';
  readonly runtimes: Readonly<Record<string, { readonly path: string }>>;
  readonly defaultRuntime: string;
  readonly initBinary: string;
  readonly securityOptions: readonly string[];
  readonly fileDescriptors: number;
  readonly eventListeners: number;
  readonly liveRestore: boolean;
  readonly insecureRegistries: readonly string[];
  readonly registryMirrors: readonly string[];
  readonly warnings: readonly string[];
}

export interface DiskUsage {
  readonly layersBytes: number;
}
