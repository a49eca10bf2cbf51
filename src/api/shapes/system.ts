import type { InfoFacts, VersionFacts } from '#engine/system/system.ts';
import { MAX_API_VERSION, MIN_API_VERSION } from '#protocol/api-version.ts';
import type { IndexConfig, SystemInfo, VersionInfo } from '#protocol/system.ts';
import { formatGoTime } from '#protocol/timestamps.ts';
import { listOrNull } from './empty.ts';

export function versionInfo(facts: VersionFacts): VersionInfo {
  const runtimeVersion = `node ${facts.nodeVersion}`;
  const buildTime = goBuildTime(facts.buildTime);
  const engine = {
    ApiVersion: MAX_API_VERSION,
    Arch: facts.arch,
    BuildTime: buildTime,
    Experimental: 'false',
    GitCommit: facts.gitCommit,
    GoVersion: runtimeVersion,
    KernelVersion: facts.kernelVersion,
    MinAPIVersion: MIN_API_VERSION,
    Os: facts.os,
  };
  const others = facts.components.filter(({ name }) => name !== 'Engine');
  return {
    Platform: { Name: 'Onggi' },
    Components: [
      { Name: 'Engine', Version: facts.version, Details: engine },
      ...others.map(({ name, version, details }) => ({ Name: name, Version: version, Details: details })),
    ],
    Version: facts.version,
    ApiVersion: MAX_API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    GitCommit: facts.gitCommit,
    GoVersion: runtimeVersion,
    Os: facts.os,
    Arch: facts.arch,
    KernelVersion: facts.kernelVersion,
    BuildTime: buildTime,
  };
}

/** Docker's own form: `2026-09-15T11:02:57.000000000+00:00`. */
function goBuildTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : `${time.toISOString().slice(0, 19)}.000000000+00:00`;
}

/** `speaks` says what the client's API version knows. */
export function systemInfo(facts: InfoFacts, speaks: (since: string) => boolean): SystemInfo {
  const { running, paused, stopped } = facts.containers;
  const commit = (id: string): SystemInfo['RuncCommit'] => ({ ID: id, ...(!speaks('1.49') && { Expected: id }) });
  const runtime = facts.components.find(({ name }) => name === facts.defaultRuntime);
  return {
    ID: facts.id,
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: facts.images,
    Driver: facts.storageDriver,
    DriverStatus: facts.storageStatus,
    Plugins: { Volume: ['local'], Network: ['bridge', 'host', 'null'], Authorization: null, Log: facts.loggingDrivers },
    ...abilities(speaks),
    Debug: facts.debug,
    NFd: facts.fileDescriptors,
    OomKillDisable: facts.cgroupVersion === '1',
    NGoroutines: 0,
    SystemTime: formatGoTime(new Date()),
    LoggingDriver: facts.loggingDriver,
    CgroupDriver: facts.cgroupDriver,
    CgroupVersion: facts.cgroupVersion,
    NEventsListener: facts.eventListeners,
    ...aboutHost(facts, speaks),
    ExperimentalBuild: false,
    ServerVersion: facts.version,
    Runtimes: Object.fromEntries(Object.entries(facts.runtimes).map(([name, { path }]) => [name, { path }])),
    DefaultRuntime: facts.defaultRuntime,
    Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '', RemoteManagers: null },
    LiveRestoreEnabled: facts.liveRestore,
    Isolation: '',
    InitBinary: facts.initBinary,
    ContainerdCommit: commit(''),
    RuncCommit: commit(runtime?.version ?? ''),
    InitCommit: commit(''),
    SecurityOptions: facts.securityOptions.map((option) => (speaks('1.25') ? option : plainOption(option))),
    ...(speaks('1.49') && { FirewallBackend: { Driver: 'nftables' } }),
    CDISpecDirs: [],
    Warnings: listOrNull(facts.warnings),
  };
}

function aboutHost(facts: InfoFacts, speaks: (since: string) => boolean) {
  return {
    KernelVersion: facts.kernelVersion,
    OperatingSystem: facts.operatingSystem,
    OSVersion: facts.osVersion,
    OSType: facts.os,
    Architecture: MACHINES[facts.arch] ?? facts.arch,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfig(facts, speaks),
    NCPU: facts.cpus,
    MemTotal: facts.memoryBytes,
    GenericResources: null,
    DockerRootDir: facts.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: facts.hostname,
    Labels: facts.labels,
  };
}

const MACHINES: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

function abilities(speaks: (since: string) => boolean) {
  return {
    MemoryLimit: true,
    SwapLimit: true,
    ...(!speaks('1.42') && { KernelMemory: true }),
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    ...(!speaks('1.50') && { BridgeNfIptables: false, BridgeNfIp6tables: false }),
  };
}

/** `name=seccomp,profile=builtin` was `seccomp` before API 1.25. */
function plainOption(option: string): string {
  return /^name=([^,]+)/.exec(option)?.[1] ?? option;
}

function registryConfig(facts: InfoFacts, speaks: (since: string) => boolean): SystemInfo['RegistryConfig'] {
  const ranges = facts.insecureRegistries.filter((registry) => registry.includes('/'));
  const hosts = facts.insecureRegistries.filter((registry) => !registry.includes('/'));
  const official: IndexConfig = { Mirrors: facts.registryMirrors, Name: 'docker.io', Official: true, Secure: true };
  const insecure = hosts.map((name): [string, IndexConfig] => [name, { Mirrors: [], Name: name, Official: false, Secure: false }]);
  const nondistributable = { AllowNondistributableArtifactsCIDRs: null, AllowNondistributableArtifactsHostnames: null };
  return {
    ...(!speaks('1.47') && nondistributable),
    IndexConfigs: Object.fromEntries([['docker.io', official], ...insecure]),
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...ranges],
    Mirrors: listOrNull(facts.registryMirrors),
  };
}
