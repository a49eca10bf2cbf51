/** What docker reads the answers of `version` and `info` into. See `structs.ts` for how structs are written. */
export const systemStructs: Readonly<Record<string, string>> = {
  'system.dockerInfo': '+*system.Info Info, ServerErrors/- []string, UserName/-, ClientInfo *system.clientInfo, ClientErrors/- []string',
  'system.Info': `
    ID, Containers int, ContainersRunning int, ContainersPaused int, ContainersStopped int, Images int, Driver,
    DriverStatus [][2]string, SystemStatus? [][2]string, Plugins system.PluginsInfo, MemoryLimit bool, SwapLimit
    bool, KernelMemory bool, KernelMemoryTCP bool, CPUCfsPeriod/CpuCfsPeriod bool, CPUCfsQuota/CpuCfsQuota bool,
    CPUShares bool, CPUSet bool, PidsLimit bool, IPv4Forwarding bool, Debug bool, NFd int, OomKillDisable bool,
    NGoroutines int, SystemTime, LoggingDriver, CgroupDriver, CgroupVersion, NEventsListener int, KernelVersion,
    OperatingSystem, OSVersion, OSType, Architecture, IndexServerAddress, RegistryConfig *registry.ServiceConfig,
    NCPU int, MemTotal int64, GenericResources []swarm.GenericResource, DockerRootDir, HTTPProxy/HttpProxy,
    HTTPSProxy/HttpsProxy, NoProxy, Name, Labels []string, ExperimentalBuild bool, ServerVersion, Runtimes
    map[string]system.RuntimeWithStatus, DefaultRuntime, Swarm swarm.Info, LiveRestoreEnabled bool, Isolation
    container.Isolation, InitBinary, ContainerdCommit system.Commit, RuncCommit system.Commit, InitCommit
    system.Commit, SecurityOptions []string, ProductLicense, DefaultAddressPools []system.NetworkAddressPool,
    FirewallBackend *system.FirewallInfo, CDISpecDirs []string, DiscoveredDevices []system.DeviceInfo, Containerd
    *system.ContainerdInfo, Warnings []string
  `,
  'system.PluginsInfo': 'Volume []string, Network []string, Authorization []string, Log []string',
  'registry.ServiceConfig': `
    AllowNondistributableArtifactsCIDRs []string, AllowNondistributableArtifactsHostnames []string,
    InsecureRegistryCIDRs []string, IndexConfigs map[string]*registry.IndexInfo, Mirrors []string
  `,
  'registry.IndexInfo': 'Name, Mirrors []string, Secure bool, Official bool',
  'system.RuntimeWithStatus': '+system.Runtime Runtime, Status/status map[string]string',
  'system.Runtime': 'Path/path, Args/runtimeArgs []string, Type/runtimeType, Options/options map[string]any',
  'swarm.Info': `
    NodeID, NodeAddr, LocalNodeState swarm.LocalNodeState, ControlAvailable bool, Error, RemoteManagers
    []swarm.Peer, Nodes int, Managers int, Cluster/- *swarm.ClusterInfo, Warnings []string
  `,
  'swarm.Peer': 'NodeID, Addr',
  'system.Commit': 'ID, Expected',
  'system.NetworkAddressPool': 'Base, Size int',
  'system.FirewallInfo': 'Driver, Info [][2]string',
  'system.DeviceInfo': 'Source, ID',
  'system.ContainerdInfo': 'Address, Namespaces system.ContainerdNamespaces',
  'system.ContainerdNamespaces': 'Containers, Plugins',
  'system.clientInfo': 'Debug bool, +system.clientVersion clientVersion, Plugins []manager.Plugin, Warnings []string',
  'system.versionInfo': 'Client system.clientVersion, Server *types.Version',
  'system.clientVersion': `
    Platform/- *system.platformInfo, Version, APIVersion/ApiVersion, DefaultAPIVersion, GitCommit, GoVersion, Os,
    Arch, BuildTime, Context
  `,
  'types.Version': `
    Platform version.Platform, Components []types.ComponentVersion, Version, APIVersion/ApiVersion, MinAPIVersion,
    GitCommit, GoVersion, Os, Arch, KernelVersion, Experimental bool, BuildTime
  `,
  'types.ComponentVersion': 'Name, Version, Details map[string]string',
  'version.Platform': 'Name',
};
