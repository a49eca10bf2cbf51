import { EngineError } from '#base/errors.ts';
import type { ContainerSpec, HostSettings, ProcessSettings, RestartPolicy, RestartPolicyName } from '#engine/containers/spec.ts';
import type { Healthcheck } from '#parts/oci/image-config.ts';
import type { DeviceRate, ResourceLimits, SecuritySettings } from '#parts/runtime/settings.ts';
import type { HealthConfig } from '#protocol/containers.ts';
import { parseBind, problemOfTarget } from './bind-settings.ts';
import type { CreateBody } from './container-body.ts';
import type { HostConfigBody } from './host-config-body.ts';
import { mountSetting } from './mount-settings.ts';
import { networkSettings } from './network-settings.ts';
import { exposedPorts } from './port-settings.ts';

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/**
 * Turns the body of a create request into what the engine is asked for. What needs no look at the host is checked here,
 * with dockerd's words; limits, capabilities, log options and the rest are the engine's to check.
 *
 * @throws {EngineError} `invalid`, and `internal` where dockerd answers 500
 */
export function containerSpec(body: CreateBody): ContainerSpec {
  const { HostConfig: host } = body;
  return {
    image: body.Image,
    process: processSettings(body),
    host: hostSettings(host, body.Hostname),
    limits: resourceLimits(host),
    security: securitySettings(host),
    network: networkSettings(body),
  };
}

function processSettings(body: CreateBody): ProcessSettings {
  if (body.WorkingDir !== '' && !body.WorkingDir.startsWith('/')) {
    throw invalid(`the working directory '${body.WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  for (const entry of body.Env ?? []) {
    if (entry === '' || entry.startsWith('=')) throw invalid(`invalid environment variable: ${entry}`);
  }
  return {
    hostname: body.Hostname,
    domainname: body.Domainname,
    user: body.User,
    attachStdin: body.AttachStdin,
    attachStdout: body.AttachStdout,
    attachStderr: body.AttachStderr,
    tty: body.Tty,
    openStdin: body.OpenStdin,
    stdinOnce: body.StdinOnce,
    env: body.Env ?? [],
    entrypoint: body.Entrypoint,
    cmd: body.Cmd,
    workingDir: body.WorkingDir,
    labels: body.Labels ?? {},
    volumes: Object.keys(body.Volumes ?? {}),
    exposedPorts: exposedPorts(body.ExposedPorts),
    stopSignal: body.StopSignal === '' ? null : body.StopSignal,
    stopTimeoutSeconds: body.StopTimeout,
    healthcheck: healthcheck(body.Healthcheck),
    networkDisabled: body.NetworkDisabled,
    onBuild: body.OnBuild,
    shell: body.Shell,
    argsEscaped: body.ArgsEscaped,
  };
}

const SHORTEST_PROBE_NS = 1_000_000;

function healthcheck(config: HealthConfig | null): Healthcheck | null {
  if (!config) return null;
  const duration = (name: 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'): number => {
    const value = config[name] ?? 0;
    if (value !== 0 && value < SHORTEST_PROBE_NS) throw invalid(`${name} in Healthcheck cannot be less than 1ms`);
    return value;
  };
  const settings = {
    test: config.Test ?? [],
    intervalNs: duration('Interval'),
    timeoutNs: duration('Timeout'),
    retries: config.Retries ?? 0,
    startPeriodNs: duration('StartPeriod'),
    startIntervalNs: duration('StartInterval'),
  };
  if (settings.retries < 0) throw invalid('Retries in Healthcheck cannot be negative');
  return settings;
}

function hostSettings(host: HostConfigBody, hostname: string): HostSettings {
  assertModes(host, hostname);
  const policy = restartPolicy(host);
  for (const target of Object.keys(host.Tmpfs ?? {})) {
    const problem = problemOfTarget(target);
    if (problem !== undefined) throw invalid(problem);
  }
  if (host.ShmSize < 0) throw invalid('SHM size can not be less than 0');
  return {
    binds: (host.Binds ?? []).map(parseBind),
    mounts: (host.Mounts ?? []).map(mountSetting),
    tmpfs: host.Tmpfs ?? {},
    volumesFrom: volumesFrom(host.VolumesFrom ?? []),
    volumeDriver: host.VolumeDriver,
    containerIdFile: host.ContainerIDFile,
    logDriver: host.LogConfig.Type,
    logOptions: host.LogConfig.Config ?? {},
    restartPolicy: policy,
    autoRemove: host.AutoRemove,
    init: host.Init,
    runtime: host.Runtime,
    annotations: annotations(host.Annotations ?? {}),
    groupAdd: host.GroupAdd ?? [],
    ipcMode: host.IpcMode === '' ? 'private' : host.IpcMode,
    pidMode: host.PidMode,
    utsMode: host.UTSMode,
    cgroupnsMode: host.CgroupnsMode,
    cgroup: host.Cgroup,
    oomScoreAdj: oomScore(host.OomScoreAdj),
    shmSizeBytes: host.ShmSize === 0 ? DEFAULT_SHM_BYTES : host.ShmSize,
    sysctls: host.Sysctls ?? {},
    storageOpt: storageOptions(host.StorageOpt ?? {}),
    isolation: host.Isolation,
    consoleSize: host.ConsoleSize,
  };
}

function assertModes(host: HostConfigBody, hostname: string): void {
  const { IpcMode: ipc, PidMode: pid, UTSMode: uts, CgroupnsMode: cgroupns, Isolation: isolation } = host;
  if (!['', 'none', 'private', 'host', 'shareable'].includes(ipc) && !ipc.startsWith('container:')) throw invalid(`invalid IPC mode: ${ipc}`);
  if (pid !== '' && pid !== 'host' && !/^container:.+/.test(pid)) throw invalid(`invalid PID mode: ${pid}`);
  if (uts !== '' && uts !== 'host') throw invalid(`invalid UTS mode: ${uts}`);
  if (uts === 'host' && hostname !== '') throw invalid('conflicting options: hostname and the UTS mode');
  if (!['', 'private', 'host'].includes(cgroupns)) throw invalid(`invalid cgroup namespace mode: ${cgroupns}`);
  if (!['', 'default'].includes(isolation.toLowerCase())) throw invalid(`invalid isolation (${isolation}): linux only supports 'default'`);
}

const POLICIES: ReadonlySet<string> = new Set(['no', 'always', 'on-failure', 'unless-stopped']);

/** @throws {EngineError} `invalid` */
export function restartPolicy({ RestartPolicy: policy, AutoRemove: autoRemove }: Pick<HostConfigBody, 'RestartPolicy' | 'AutoRemove'>): RestartPolicy {
  const name = policy.Name === '' ? 'no' : policy.Name;
  const retries = policy.MaximumRetryCount;
  const problem = (why: string): EngineError => invalid(`invalid restart policy: ${why}`);
  if (!POLICIES.has(name)) throw problem(`unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`);
  if (name === 'on-failure' && retries < 0) throw problem('maximum retry count cannot be negative');
  if (name !== 'on-failure' && retries !== 0) {
    throw problem(`maximum retry count can only be used with 'on-failure'${retries < 0 ? ' and cannot be negative' : ''}`);
  }
  if (autoRemove && name !== 'no') throw invalid(`can't create 'AutoRemove' container with restart policy`);
  return { name: name as RestartPolicyName, maximumRetryCount: retries };
}

function volumesFrom(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    if (text === '') throw invalid('volumes-from specification cannot be an empty string');
    const mode = /:(.*)$/.exec(text)?.[1];
    if (mode !== undefined && mode !== '' && !['ro', 'rw', 'z', 'Z'].includes(mode)) throw invalid(`invalid mode: ${mode}`);
    if (text.startsWith(':')) throw invalid('invalid name or ID supplied: ""');
  }
  return texts;
}

function annotations(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.hasOwn(given, '')) throw invalid('invalid Annotations: the empty string is not permitted as an annotation key');
  return given;
}

/** The overlay driver takes none, since project quotas are not used; dockerd answers 500 for these. */
function storageOptions(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const name of Object.keys(given)) {
    const problem = name.toLowerCase() === 'size' ? `--storage-opt is supported only for overlay over xfs with 'pquota' mount option` : `Unknown option ${name}`;
    throw new EngineError('internal', problem);
  }
  return given;
}

function oomScore(score: number): number {
  if (score < -1000 || score > 1000) throw invalid(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  return score;
}

/** The limits of a body, with dockerd's default for swap. */
export function resourceLimits(host: HostConfigBody): ResourceLimits {
  const rates = (devices: HostConfigBody['BlkioDeviceReadBps']): readonly DeviceRate[] =>
    (devices ?? []).map(({ Path: path, Rate: rate }) => ({ path, rate }));
  return {
    nanoCpus: host.NanoCpus,
    cpuShares: host.CpuShares,
    cpuPeriodUs: host.CpuPeriod,
    cpuQuotaUs: host.CpuQuota,
    cpuRealtimePeriodUs: host.CpuRealtimePeriod,
    cpuRealtimeRuntimeUs: host.CpuRealtimeRuntime,
    cpusetCpus: host.CpusetCpus,
    cpusetMems: host.CpusetMems,
    memoryBytes: host.Memory,
    // dockerd's default: as much swap as memory
    memorySwapBytes: host.Memory > 0 && host.MemorySwap === 0 ? 2 * host.Memory : host.MemorySwap,
    memoryReservationBytes: host.MemoryReservation,
    kernelMemoryTcpBytes: host.KernelMemoryTCP,
    memorySwappiness: host.MemorySwappiness === -1 ? null : host.MemorySwappiness,
    oomKillDisable: host.OomKillDisable ?? false,
    pidsLimit: host.PidsLimit !== null && host.PidsLimit <= 0 ? null : host.PidsLimit,
    blkioWeight: host.BlkioWeight,
    blkioWeightDevice: (host.BlkioWeightDevice ?? []).map(({ Path: path, Weight: rate }) => ({ path, rate })),
    blkioReadBps: rates(host.BlkioDeviceReadBps),
    blkioWriteBps: rates(host.BlkioDeviceWriteBps),
    blkioReadIops: rates(host.BlkioDeviceReadIOps),
    blkioWriteIops: rates(host.BlkioDeviceWriteIOps),
    devices: (host.Devices ?? []).map(({ PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions }) => ({
      source,
      target: target === '' ? source : target,
      permissions: permissions === '' ? 'rwm' : permissions,
    })),
    deviceCgroupRules: host.DeviceCgroupRules ?? [],
    deviceRequests: (host.DeviceRequests ?? []).map((request) => ({
      driver: request.Driver,
      count: request.Count,
      deviceIds: request.DeviceIDs ?? [],
      capabilities: request.Capabilities ?? [],
      options: request.Options ?? {},
    })),
    ulimits: (host.Ulimits ?? []).map(({ Name: name, Soft: soft, Hard: hard }) => ({ name, soft, hard })),
    cgroupParent: host.CgroupParent,
  };
}

function securitySettings(host: HostConfigBody): SecuritySettings {
  return {
    privileged: host.Privileged,
    readonlyRootfs: host.ReadonlyRootfs,
    capAdd: host.CapAdd ?? [],
    capDrop: host.CapDrop ?? [],
    securityOpt: host.SecurityOpt ?? impliedSecurityOpt(host),
    maskedPaths: host.MaskedPaths,
    readonlyPaths: host.ReadonlyPaths,
    usernsMode: host.UsernsMode,
  };
}

/** dockerd switches SELinux labels off for a container that shares the host's processes, and shows that. */
function impliedSecurityOpt({ Privileged: privileged, PidMode: pid, IpcMode: ipc }: HostConfigBody): readonly string[] {
  return privileged || pid === 'host' || ipc === 'host' ? ['label=disable'] : [];
}

function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}
