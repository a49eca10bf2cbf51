import { dictionary, flag, integer, list, optional, struct, text, textOrList, type Decoder } from '#api/decode.ts';
import type {
  DeviceConfig,
  DeviceRequestConfig,
  HostConfig,
  HostPort,
  LogConfig,
  MountConfig,
  RestartPolicyConfig,
  ThrottleDevice,
  UlimitConfig,
  WeightDevice,
} from '#protocol/host-config.ts';

/** `HostConfig` as a body gives it, every field there. What dockerd takes for other systems alone is passed over. */
export type HostConfigBody = Required<HostConfig>;

const texts = list(text);
const dictionaryOfTexts = dictionary(text);
const count = integer('int');
const unsigned = integer('uint', 0);

const portBindings = dictionary<readonly HostPort[] | null>(
  list(struct<HostPort>('nat.PortBinding', { HostIp: text, HostPort: text })),
  'nat.PortMap',
);

const throttles = list(struct<ThrottleDevice>('blkiodev.ThrottleDevice', { Path: text, Rate: integer('uint64', 0, 2 ** 64) }));

/** Two numbers; fewer leave zeros and more are cut, as with a Go array. */
const consoleSize: Decoder<readonly [number, number]> = {
  goType: '[2]uint',
  zero: [0, 0],
  decode(value, place) {
    const sizes = list(unsigned).decode(value, place) ?? [];
    return [sizes[0] ?? 0, sizes[1] ?? 0];
  },
};

const mount = struct<Required<MountConfig>>('mount.Mount', {
  Type: text,
  Source: text,
  Target: text,
  ReadOnly: flag,
  Consistency: text,
  BindOptions: optional(
    struct<Required<NonNullable<MountConfig['BindOptions']>>>('mount.BindOptions', {
      Propagation: text,
      NonRecursive: flag,
      CreateMountpoint: flag,
      ReadOnlyNonRecursive: flag,
      ReadOnlyForceRecursive: flag,
    }),
  ),
  VolumeOptions: optional(
    struct<Required<NonNullable<MountConfig['VolumeOptions']>>>('mount.VolumeOptions', {
      NoCopy: flag,
      Labels: dictionaryOfTexts,
      Subpath: text,
      DriverConfig: optional(
        struct<{ Name: string; Options: Readonly<Record<string, string>> | null }>('mount.Driver', {
          Name: text,
          Options: dictionaryOfTexts,
        }),
      ),
    }),
  ),
  ImageOptions: optional(struct<{ Subpath: string }>('mount.ImageOptions', { Subpath: text })),
  TmpfsOptions: optional(
    struct<Required<NonNullable<MountConfig['TmpfsOptions']>>>('mount.TmpfsOptions', {
      SizeBytes: integer(),
      Mode: integer('fs.FileMode', 0, 2 ** 32),
      Options: list(list(text) as Decoder<readonly string[]>),
    }),
  ),
  ClusterOptions: optional(struct<Record<never, never>>('mount.ClusterOptions', {})),
});

export const hostConfigBody: Decoder<HostConfigBody> = struct<HostConfigBody>('container.HostConfig', {
  Binds: texts,
  ContainerIDFile: text,
  LogConfig: struct<LogConfig>('container.LogConfig', { Type: text, Config: dictionaryOfTexts }),
  NetworkMode: text,
  PortBindings: portBindings,
  RestartPolicy: struct<RestartPolicyConfig>('container.RestartPolicy', { Name: text, MaximumRetryCount: count }),
  AutoRemove: flag,
  VolumeDriver: text,
  VolumesFrom: texts,
  ConsoleSize: consoleSize,
  Annotations: dictionaryOfTexts,
  CapAdd: textOrList,
  CapDrop: textOrList,
  CgroupnsMode: text,
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
  GroupAdd: texts,
  IpcMode: text,
  Cgroup: text,
  Links: texts,
  OomScoreAdj: count,
  PidMode: text,
  Privileged: flag,
  PublishAllPorts: flag,
  ReadonlyRootfs: flag,
  SecurityOpt: texts,
  StorageOpt: dictionaryOfTexts,
  Tmpfs: dictionaryOfTexts,
  UTSMode: text,
  UsernsMode: text,
  ShmSize: integer(),
  Sysctls: dictionaryOfTexts,
  Runtime: text,
  Isolation: text,
  CpuShares: integer(),
  Memory: integer(),
  NanoCpus: integer(),
  CgroupParent: text,
  BlkioWeight: integer('uint16', 0, 65_535),
  BlkioWeightDevice: list(struct<WeightDevice>('blkiodev.WeightDevice', { Path: text, Weight: integer('uint16', 0, 65_535) })),
  BlkioDeviceReadBps: throttles,
  BlkioDeviceWriteBps: throttles,
  BlkioDeviceReadIOps: throttles,
  BlkioDeviceWriteIOps: throttles,
  CpuPeriod: integer(),
  CpuQuota: integer(),
  CpuRealtimePeriod: integer(),
  CpuRealtimeRuntime: integer(),
  CpusetCpus: text,
  CpusetMems: text,
  Devices: list(
    struct<DeviceConfig>('container.DeviceMapping', { PathOnHost: text, PathInContainer: text, CgroupPermissions: text }),
  ),
  DeviceCgroupRules: texts,
  DeviceRequests: list(
    struct<DeviceRequestConfig>('container.DeviceRequest', {
      Driver: text,
      Count: count,
      DeviceIDs: texts,
      Capabilities: list(list(text) as Decoder<readonly string[]>),
      Options: dictionaryOfTexts,
    }),
  ),
  KernelMemoryTCP: integer(),
  MemoryReservation: integer(),
  MemorySwap: integer(),
  MemorySwappiness: optional(integer()),
  OomKillDisable: optional(flag),
  PidsLimit: optional(integer()),
  Ulimits: list(struct<UlimitConfig>('container.Ulimit', { Name: text, Hard: integer(), Soft: integer() })),
  CpuCount: integer(),
  CpuPercent: integer(),
  IOMaximumIOps: integer('uint64', 0, 2 ** 64),
  IOMaximumBandwidth: integer('uint64', 0, 2 ** 64),
  Mounts: list(mount),
  MaskedPaths: texts,
  ReadonlyPaths: texts,
  Init: optional(flag),
});
