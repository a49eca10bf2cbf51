import type { BindSetting, ContainerSpec, MountSetting } from '#engine/containers/spec.ts';
import type { DeviceRate } from '#parts/runtime/settings.ts';
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '#parts/security/protected-paths.ts';
import type { HostConfig, MountConfig, PortMap, Resources, ThrottleDevice } from '#protocol/host-config.ts';
import { listOrNull, mapOrNull, sortedMap, withoutEmpty } from './empty.ts';

/**
 * `HostConfig` as `inspect` shows it. Order of the fields and null or `[]` for what is empty are those that dockerd 28.5
 * shows for a container of its own command line.
 */
export function hostConfig(spec: ContainerSpec): HostConfig {
  const { host, security, network } = spec;
  return {
    Binds: listOrNull(host.binds.map(bindText)),
    ContainerIDFile: host.containerIdFile,
    LogConfig: { Type: host.logDriver, Config: sortedMap(host.logOptions) },
    NetworkMode: network.mode,
    PortBindings: portBindings(spec),
    RestartPolicy: { Name: host.restartPolicy.name, MaximumRetryCount: host.restartPolicy.maximumRetryCount },
    AutoRemove: host.autoRemove,
    VolumeDriver: host.volumeDriver,
    VolumesFrom: listOrNull(host.volumesFrom),
    ConsoleSize: host.consoleSize,
    ...withoutEmpty({ Annotations: sortedMap(host.annotations) }),
    CapAdd: listOrNull(security.capAdd),
    CapDrop: listOrNull(security.capDrop),
    CgroupnsMode: host.cgroupnsMode,
    Dns: network.dns,
    DnsOptions: network.dnsOptions,
    DnsSearch: network.dnsSearch,
    ExtraHosts: listOrNull(network.extraHosts),
    GroupAdd: listOrNull(host.groupAdd),
    IpcMode: host.ipcMode,
    Cgroup: host.cgroup,
    Links: listOrNull(network.links),
    OomScoreAdj: host.oomScoreAdj,
    PidMode: host.pidMode,
    Privileged: security.privileged,
    PublishAllPorts: network.publishAllPorts,
    ReadonlyRootfs: security.readonlyRootfs,
    SecurityOpt: listOrNull(security.securityOpt),
    ...withoutEmpty({ StorageOpt: sortedMap(host.storageOpt), Tmpfs: sortedMap(host.tmpfs) }),
    UTSMode: host.utsMode,
    UsernsMode: security.usernsMode,
    ShmSize: host.shmSizeBytes,
    ...withoutEmpty({ Sysctls: sortedMap(host.sysctls) }),
    Runtime: host.runtime,
    Isolation: host.isolation,
    ...resources(spec),
    ...withoutEmpty({ Mounts: host.mounts.map(mountConfig) }),
    MaskedPaths: security.maskedPaths ?? (security.privileged ? null : DEFAULT_MASKED_PATHS),
    ReadonlyPaths: security.readonlyPaths ?? (security.privileged ? null : DEFAULT_READONLY_PATHS),
    ...(host.init === null ? {} : { Init: host.init }),
  };
}

function resources({ limits }: ContainerSpec): Resources {
  return {
    CpuShares: limits.cpuShares,
    Memory: limits.memoryBytes,
    NanoCpus: limits.nanoCpus,
    CgroupParent: limits.cgroupParent,
    BlkioWeight: limits.blkioWeight,
    BlkioWeightDevice: limits.blkioWeightDevice.map(({ path, rate }) => ({ Path: path, Weight: rate })),
    BlkioDeviceReadBps: throttles(limits.blkioReadBps),
    BlkioDeviceWriteBps: throttles(limits.blkioWriteBps),
    BlkioDeviceReadIOps: throttles(limits.blkioReadIops),
    BlkioDeviceWriteIOps: throttles(limits.blkioWriteIops),
    CpuPeriod: limits.cpuPeriodUs,
    CpuQuota: limits.cpuQuotaUs,
    CpuRealtimePeriod: limits.cpuRealtimePeriodUs,
    CpuRealtimeRuntime: limits.cpuRealtimeRuntimeUs,
    CpusetCpus: limits.cpusetCpus,
    CpusetMems: limits.cpusetMems,
    Devices: limits.devices.map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: listOrNull(limits.deviceCgroupRules),
    DeviceRequests: listOrNull(
      limits.deviceRequests.map((request) => ({
        Driver: request.driver,
        Count: request.count,
        DeviceIDs: listOrNull(request.deviceIds),
        Capabilities: listOrNull(request.capabilities),
        Options: mapOrNull(request.options),
      })),
    ),
    ...withoutEmpty({ KernelMemoryTCP: limits.kernelMemoryTcpBytes }),
    MemoryReservation: limits.memoryReservationBytes,
    MemorySwap: limits.memorySwapBytes,
    MemorySwappiness: limits.memorySwappiness,
    OomKillDisable: limits.oomKillDisable,
    PidsLimit: limits.pidsLimit,
    Ulimits: limits.ulimits.map(({ name, hard, soft }) => ({ Name: name, Hard: hard, Soft: soft })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

function throttles(rates: readonly DeviceRate[]): readonly ThrottleDevice[] {
  return rates.map(({ path, rate }) => ({ Path: path, Rate: rate }));
}

/** One `-v` as the user gave it. */
function bindText({ source, target, options }: BindSetting): string {
  if (source === '') return target;
  return [source, target, ...(options.length > 0 ? [options.join(',')] : [])].join(':');
}

function portBindings({ network }: ContainerSpec): PortMap {
  const entries = Object.entries(network.portBindings).map(([port, hosts]): [string, PortMap[string]] => [
    port,
    hosts.map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: hostPort })),
  ]);
  return sortedMap(Object.fromEntries(entries));
}

function mountConfig(mount: MountSetting): MountConfig {
  const { bind, volume, image, tmpfs } = mount;
  return withoutEmpty({
    Type: mount.type,
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    Consistency: mount.consistency,
    ...(bind && { BindOptions: bindOptions(bind) }),
    ...(volume && { VolumeOptions: volumeOptions(volume) }),
    ...(image && { ImageOptions: withoutEmpty({ Subpath: image.subpath }) }),
    ...(tmpfs && { TmpfsOptions: withoutEmpty({ SizeBytes: tmpfs.sizeBytes, Mode: tmpfs.mode, Options: tmpfs.options }) }),
  }) as MountConfig;
}

function bindOptions(bind: NonNullable<MountSetting['bind']>): MountConfig['BindOptions'] {
  return withoutEmpty({
    Propagation: bind.propagation,
    NonRecursive: bind.nonRecursive,
    CreateMountpoint: bind.createMountpoint,
    ReadOnlyNonRecursive: bind.readOnlyNonRecursive,
    ReadOnlyForceRecursive: bind.readOnlyForceRecursive,
  });
}

function volumeOptions(volume: NonNullable<MountSetting['volume']>): MountConfig['VolumeOptions'] {
  return {
    ...withoutEmpty({ NoCopy: volume.noCopy, Labels: sortedMap(volume.labels), Subpath: volume.subpath }),
    DriverConfig: withoutEmpty({ Name: volume.driver, Options: sortedMap(volume.driverOptions) }),
  };
}
