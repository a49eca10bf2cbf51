import { EngineError } from '#base/errors.ts';
import type { ContainerConfig, CreateContainerBody } from '#protocol/containers.ts';
import type { DeviceRequestConfig, HostConfig } from '#protocol/host-config.ts';
import type { FlagValues } from '../flags/flag.ts';
import { deviceRequest } from './device-spec.ts';
import type { CONTAINER_FLAGS } from './flags.ts';
import { parseGpus } from './gpu-spec.ts';
import { healthConfig } from './health.ts';
import { environment, labels } from './key-values.ts';
import { parseThrottle, parseThrottleBytes, parseUlimit, parseWeight } from './limit-specs.ts';
import { parseMount } from './mount-spec.ts';
import { endpoints, networkMode, parseNetwork } from './network-spec.ts';
import { logConfig, restartPolicy, securityOptions, storageOptions } from './policies.ts';
import { portRequest } from './port-spec.ts';
import { volumeRequest } from './volume-spec.ts';

/** What a command line says about a new container. */
export interface CreateWords {
  readonly flags: FlagValues<typeof CONTAINER_FLAGS>;
  readonly given: ReadonlySet<string>;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Variables that every container gets, after those of the command line. */
  readonly proxies?: readonly string[];
}

/** `[rows, columns]` are filled in when it is sent. */
export type CreateBody = CreateContainerBody & { readonly HostConfig: Partial<HostConfig> } & Pick<ContainerConfig, 'AttachStdin' | 'AttachStdout' | 'AttachStderr' | 'Tty' | 'OpenStdin' | 'Image'>;

/**
 * Builds the body of a create exactly as Docker's client does, zeros and nulls included: the engine cannot tell them apart.
 *
 * @throws {EngineError} `invalid` with the words of Docker's client
 */
export function createBody(words: CreateWords): CreateBody {
  const { flags } = words;
  checkNumbers(words);
  const ports = portRequest(flags.publish, flags.expose);
  const volumes = volumeRequest(flags.volume);
  const networks = flags.network.map(parseNetwork);
  return {
    ...containerConfig(words, Object.keys(ports.exposed).length === 0 ? undefined : ports.exposed, volumes.anonymous),
    HostConfig: { ...hostConfig(words), Binds: volumes.binds, PortBindings: ports.bindings, NetworkMode: networkMode(networks) },
    NetworkingConfig: { EndpointsConfig: endpoints(networks, flags) },
  };
}

function checkNumbers({ flags }: CreateWords): void {
  const mac = flags['mac-address'];
  if (mac !== '' && !/^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(mac.trim())) {
    throw new EngineError('invalid', `${mac} is not a valid mac address`);
  }
  const swappiness = flags['memory-swappiness'];
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100)) {
    throw new EngineError('invalid', `invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  }
  if (flags.rm && flags.restart !== 'no' && flags.restart !== '') throw new EngineError('invalid', 'conflicting options: cannot specify both --restart and --rm');
  const wrong = [
    ['--pid', 'PID', flags.pid, /^(|host|container:.+)$/],
    ['--uts', 'UTS', flags.uts, /^(|host)$/],
    ['--userns', 'USER', flags.userns, /^(|host)$/],
    ['--cgroupns', 'CGROUP', flags.cgroupns, /^(|private|host)$/],
  ] as const;
  for (const [name, mode, value, pattern] of wrong) {
    if (!pattern.test(value)) throw new EngineError('invalid', `${name}: invalid ${mode} mode`);
  }
}

function containerConfig({ flags, given, image, command, env, proxies = [] }: CreateWords, exposed: ContainerConfig['ExposedPorts'], volumes: ContainerConfig['Volumes']): Omit<CreateBody, 'HostConfig'> {
  const attachesAll = flags.attach.length === 0;
  const attachStdin = flags.interactive || flags.attach.includes('stdin');
  const health = healthConfig(flags);
  return {
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    AttachStdin: attachStdin,
    AttachStdout: attachesAll || flags.attach.includes('stdout'),
    AttachStderr: attachesAll || flags.attach.includes('stderr'),
    ...(exposed === undefined ? {} : { ExposedPorts: exposed }),
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && attachStdin,
    Env: environment(flags['env-file'], [...flags.env, ...proxies], env),
    Cmd: command.length === 0 ? null : command,
    ...(health === undefined ? {} : { Healthcheck: health }),
    Image: image,
    Volumes: volumes,
    WorkingDir: flags.workdir,
    // An entry point that is given and empty takes the image's away.
    Entrypoint: flags.entrypoint !== '' || given.has('entrypoint') ? [flags.entrypoint] : null,
    OnBuild: null,
    Labels: labels(flags['label-file'], flags.label),
    ...(given.has('stop-signal') && flags['stop-signal'] !== '' ? { StopSignal: flags['stop-signal'] } : {}),
    ...(given.has('stop-timeout') ? { StopTimeout: flags['stop-timeout'] } : {}),
  };
}

function hostConfig(words: CreateWords): Partial<HostConfig> {
  const { flags, given } = words;
  const { securityOpt, maskedPaths } = securityOptions(flags['security-opt']);
  return {
    ContainerIDFile: flags.cidfile,
    LogConfig: logConfig(flags['log-driver'], flags['log-opt']),
    RestartPolicy: restartPolicy(flags.restart),
    AutoRemove: flags.rm,
    VolumeDriver: flags['volume-driver'],
    VolumesFrom: listOrNull(flags['volumes-from']),
    ConsoleSize: [0, 0],
    ...optional('Annotations', nonEmpty(flags.annotation)),
    CapAdd: listOrNull(capabilities(flags['cap-add'])),
    CapDrop: listOrNull(capabilities(flags['cap-drop'])),
    CgroupnsMode: flags.cgroupns,
    Dns: flags.dns,
    DnsOptions: flags['dns-option'],
    DnsSearch: flags['dns-search'],
    ExtraHosts: listOrNull(flags['add-host']),
    GroupAdd: listOrNull(flags['group-add']),
    IpcMode: flags.ipc,
    Cgroup: '',
    Links: listOrNull(flags.link),
    OomScoreAdj: flags['oom-score-adj'],
    PidMode: flags.pid,
    Privileged: flags.privileged,
    PublishAllPorts: flags['publish-all'],
    ReadonlyRootfs: flags['read-only'],
    SecurityOpt: securityOpt,
    ...optional('StorageOpt', storageOptions(flags['storage-opt'])),
    ...optional('Tmpfs', nonEmpty(tmpfs(flags.tmpfs))),
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    ShmSize: flags['shm-size'],
    ...optional('Sysctls', nonEmpty(flags.sysctl)),
    ...optional('Runtime', flags.runtime === '' ? undefined : flags.runtime),
    Isolation: flags.isolation,
    ...resources(flags),
    ...optional('Mounts', flags.mount.length === 0 ? undefined : flags.mount.map(parseMount)),
    MaskedPaths: maskedPaths,
    ReadonlyPaths: maskedPaths,
    ...(given.has('init') ? { Init: flags.init } : {}),
  };
}

function resources(flags: CreateWords['flags']): Partial<HostConfig> {
  const { devices, cdiNames } = deviceRequest(flags.device);
  return {
    CpuShares: flags['cpu-shares'],
    Memory: flags.memory,
    NanoCpus: flags.cpus,
    CgroupParent: flags['cgroup-parent'],
    BlkioWeight: flags['blkio-weight'],
    BlkioWeightDevice: flags['blkio-weight-device'].map(parseWeight),
    BlkioDeviceReadBps: flags['device-read-bps'].map(parseThrottleBytes),
    BlkioDeviceWriteBps: flags['device-write-bps'].map(parseThrottleBytes),
    BlkioDeviceReadIOps: flags['device-read-iops'].map(parseThrottle),
    BlkioDeviceWriteIOps: flags['device-write-iops'].map(parseThrottle),
    CpuPeriod: flags['cpu-period'],
    CpuQuota: flags['cpu-quota'],
    CpuRealtimePeriod: flags['cpu-rt-period'],
    CpuRealtimeRuntime: flags['cpu-rt-runtime'],
    CpusetCpus: flags['cpuset-cpus'],
    CpusetMems: flags['cpuset-mems'],
    Devices: devices,
    DeviceCgroupRules: listOrNull(flags['device-cgroup-rule']),
    DeviceRequests: listOrNull([...flags.gpus.map(parseGpus), ...cdiRequest(cdiNames)]),
    MemoryReservation: flags['memory-reservation'],
    MemorySwap: flags['memory-swap'],
    MemorySwappiness: flags['memory-swappiness'],
    OomKillDisable: flags['oom-kill-disable'],
    PidsLimit: flags['pids-limit'],
    Ulimits: [...new Map(flags.ulimit.map(parseUlimit).map((ulimit) => [ulimit.Name, ulimit])).values()].toSorted((a, b) => (a.Name < b.Name ? -1 : 1)),
    CpuCount: flags['cpu-count'],
    CpuPercent: flags['cpu-percent'],
    IOMaximumIOps: flags['io-maxiops'],
    IOMaximumBandwidth: flags['io-maxbandwidth'],
  };
}

/** In the kernel's spelling, each once, in order. */
function capabilities(names: readonly string[]): readonly string[] {
  const spelled = names.map((name) => name.toUpperCase()).map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`));
  return [...new Set(spelled)].toSorted();
}

function cdiRequest(names: readonly string[]): readonly DeviceRequestConfig[] {
  return names.length === 0 ? [] : [{ Driver: 'cdi', Count: 0, DeviceIDs: names, Capabilities: null, Options: null }];
}

function tmpfs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const colon = text.indexOf(':');
      return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
    }),
  );
}

function listOrNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

function nonEmpty<T extends object>(map: T): T | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [_ in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [_ in K]: V });
}
