/** What docker reads networks, volumes and events into. See `structs.ts` for how structs are written. */
export const nounStructs: Readonly<Record<string, string>> = {
  'network.Inspect': `
    Name, ID/Id, Created time.Time, Scope, Driver, EnableIPv4 bool, EnableIPv6 bool, IPAM network.IPAM, Internal
    bool, Attachable bool, Ingress bool, ConfigFrom network.ConfigReference, ConfigOnly bool, Containers
    map[string]network.EndpointResource, Options map[string]string, Labels map[string]string, Peers
    []network.PeerInfo, Services map[string]network.ServiceInfo
  `,
  'network.IPAM': 'Driver, Options map[string]string, Config []network.IPAMConfig',
  'network.IPAMConfig': 'Subnet, IPRange, Gateway, AuxAddress/AuxiliaryAddresses map[string]string',
  'network.ConfigReference': 'Network',
  'network.EndpointResource': 'Name, EndpointID, MacAddress, IPv4Address, IPv6Address',
  'network.PeerInfo': 'Name, IP',
  'network.ServiceInfo': 'VIP, Ports []string, LocalLBIndex int, Tasks []network.Task',
  'network.Task': 'Name, EndpointID, EndpointIP, Info map[string]string',
  'volume.Volume': `
    ClusterVolume/- *volume.ClusterVolume, CreatedAt, Driver, Labels map[string]string, Mountpoint, Name, Options
    map[string]string, Scope, Status map[string]any, UsageData *volume.UsageData
  `,
  'volume.UsageData': 'RefCount int64, Size int64',
  'events.Message': `
    Status/status, ID/id, From/from, Type events.Type, Action events.Action, Actor events.Actor, Scope/scope,
    Time/time int64, TimeNano/timeNano int64
  `,
  'events.Actor': 'ID, Attributes map[string]string',
};
