/** What docker reads a container's inspection into. See `structs.ts` for how structs are written. */
export const containerStructs: Readonly<Record<string, string>> = {
  'container.InspectResponse': `
    +*container.ContainerJSONBase ContainerJSONBase, Mounts []container.MountPoint, Config *container.Config,
    NetworkSettings *container.NetworkSettings, ImageManifestDescriptor *v1.Descriptor
  `,
  'container.ContainerJSONBase': `
    ID/Id, Created, Path, Args []string, State *container.State, Image, ResolvConfPath, HostnamePath, HostsPath,
    LogPath, Name, RestartCount int, Driver, Platform, MountLabel, ProcessLabel, AppArmorProfile, ExecIDs []string,
    HostConfig *container.HostConfig, GraphDriver storage.DriverData, SizeRw *int64, SizeRootFs *int64
  `,
  'container.State': `
    Status, Running bool, Paused bool, Restarting bool, OOMKilled bool, Dead bool, Pid int, ExitCode int, Error,
    StartedAt, FinishedAt, Health *container.Health
  `,
  'container.Health': 'Status, FailingStreak int, Log []*container.HealthcheckResult',
  'container.HealthcheckResult': 'Start time.Time, End time.Time, ExitCode int, Output',
  'container.HostConfig': `
    Binds []string, ContainerIDFile, LogConfig container.LogConfig, NetworkMode container.NetworkMode, PortBindings
    nat.PortMap, RestartPolicy container.RestartPolicy, AutoRemove bool, VolumeDriver, VolumesFrom []string,
    ConsoleSize [2]uint, Annotations map[string]string, CapAdd strslice.StrSlice, CapDrop strslice.StrSlice,
    CgroupnsMode container.CgroupnsMode, DNS/Dns []string, DNSOptions/DnsOptions []string, DNSSearch/DnsSearch
    []string, ExtraHosts []string, GroupAdd []string, IpcMode container.IpcMode, Cgroup container.CgroupSpec, Links
    []string, OomScoreAdj int, PidMode container.PidMode, Privileged bool, PublishAllPorts bool, ReadonlyRootfs
    bool, SecurityOpt []string, StorageOpt map[string]string, Tmpfs map[string]string, UTSMode container.UTSMode,
    UsernsMode container.UsernsMode, ShmSize int64, Sysctls map[string]string, Runtime, Isolation
    container.Isolation, +container.Resources Resources, Mounts []mount.Mount, MaskedPaths []string, ReadonlyPaths
    []string, Init *bool
  `,
  'container.LogConfig': 'Type, Config map[string]string',
  'nat.PortBinding': 'HostIP/HostIp, HostPort',
  'container.RestartPolicy': 'Name container.RestartPolicyMode, MaximumRetryCount int',
  'container.Resources': `
    CPUShares/CpuShares int64, Memory int64, NanoCPUs/NanoCpus int64, CgroupParent, BlkioWeight uint16,
    BlkioWeightDevice []*blkiodev.WeightDevice, BlkioDeviceReadBps []*blkiodev.ThrottleDevice, BlkioDeviceWriteBps
    []*blkiodev.ThrottleDevice, BlkioDeviceReadIOps []*blkiodev.ThrottleDevice, BlkioDeviceWriteIOps
    []*blkiodev.ThrottleDevice, CPUPeriod/CpuPeriod int64, CPUQuota/CpuQuota int64,
    CPURealtimePeriod/CpuRealtimePeriod int64, CPURealtimeRuntime/CpuRealtimeRuntime int64, CpusetCpus, CpusetMems,
    Devices []container.DeviceMapping, DeviceCgroupRules []string, DeviceRequests []container.DeviceRequest,
    KernelMemory int64, KernelMemoryTCP int64, MemoryReservation int64, MemorySwap int64, MemorySwappiness *int64,
    OomKillDisable *bool, PidsLimit *int64, Ulimits []*units.Ulimit, CPUCount/CpuCount int64, CPUPercent/CpuPercent
    int64, IOMaximumIOps uint64, IOMaximumBandwidth uint64
  `,
  'blkiodev.WeightDevice': 'Path, Weight uint16',
  'blkiodev.ThrottleDevice': 'Path, Rate uint64',
  'container.DeviceMapping': 'PathOnHost, PathInContainer, CgroupPermissions',
  'container.DeviceRequest': 'Driver, Count int, DeviceIDs []string, Capabilities [][]string, Options map[string]string',
  'units.Ulimit': 'Name, Hard int64, Soft int64',
  'mount.Mount': `
    Type mount.Type, Source, Target, ReadOnly bool, Consistency mount.Consistency, BindOptions *mount.BindOptions,
    VolumeOptions *mount.VolumeOptions, ImageOptions *mount.ImageOptions, TmpfsOptions *mount.TmpfsOptions,
    ClusterOptions *mount.ClusterOptions
  `,
  'mount.BindOptions': `
    Propagation mount.Propagation, NonRecursive bool, CreateMountpoint bool, ReadOnlyNonRecursive bool,
    ReadOnlyForceRecursive bool
  `,
  'mount.VolumeOptions': 'NoCopy bool, Labels map[string]string, Subpath, DriverConfig *mount.Driver',
  'mount.Driver': 'Name, Options map[string]string',
  'mount.ImageOptions': 'Subpath',
  'mount.TmpfsOptions': 'SizeBytes int64, Mode fs.FileMode, Options [][]string',
  'storage.DriverData': 'Data map[string]string, Name',
  'container.MountPoint': 'Type mount.Type, Name, Source, Destination, Driver, Mode, RW bool, Propagation mount.Propagation',
  'container.Config': `
    Hostname, Domainname, User, AttachStdin bool, AttachStdout bool, AttachStderr bool, ExposedPorts nat.PortSet,
    Tty bool, OpenStdin bool, StdinOnce bool, Env []string, Cmd strslice.StrSlice, Healthcheck
    *v1.HealthcheckConfig, ArgsEscaped bool, Image, Volumes map[string]struct{}, WorkingDir, Entrypoint
    strslice.StrSlice, NetworkDisabled bool, MacAddress, OnBuild []string, Labels map[string]string, StopSignal,
    StopTimeout *int, Shell strslice.StrSlice
  `,
  'v1.HealthcheckConfig': `
    Test []string, Interval time.Duration, Timeout time.Duration, StartPeriod time.Duration, StartInterval
    time.Duration, Retries int
  `,
  'container.NetworkSettings': `
    +container.NetworkSettingsBase NetworkSettingsBase, +container.DefaultNetworkSettings DefaultNetworkSettings,
    Networks map[string]*network.EndpointSettings
  `,
  'container.NetworkSettingsBase': `
    Bridge, SandboxID, SandboxKey, Ports nat.PortMap, HairpinMode bool, LinkLocalIPv6Address, LinkLocalIPv6PrefixLen
    int, SecondaryIPAddresses []network.Address, SecondaryIPv6Addresses []network.Address
  `,
  'network.Address': 'Addr, PrefixLen int',
  'container.DefaultNetworkSettings': `
    EndpointID, Gateway, GlobalIPv6Address, GlobalIPv6PrefixLen int, IPAddress, IPPrefixLen int, IPv6Gateway,
    MacAddress
  `,
  'network.EndpointSettings': `
    IPAMConfig *network.EndpointIPAMConfig, Links []string, Aliases []string, MacAddress, DriverOpts
    map[string]string, GwPriority int, NetworkID, EndpointID, Gateway, IPAddress, IPPrefixLen int, IPv6Gateway,
    GlobalIPv6Address, GlobalIPv6PrefixLen int, DNSNames []string
  `,
  'network.EndpointIPAMConfig': 'IPv4Address, IPv6Address, LinkLocalIPs []string',
  'v1.Descriptor': `
    MediaType/mediaType, Digest/digest digest.Digest, Size/size int64, URLs/urls []string, Annotations/annotations
    map[string]string, Data/data any, Platform/platform *v1.Platform, ArtifactType/artifactType
  `,
  'v1.Platform': 'Architecture/architecture, OS/os, OSVersion/os.version, OSFeatures/os.features []string, Variant/variant',
};
