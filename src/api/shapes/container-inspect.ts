import type { ContainerDetails, MountPoint } from '#engine/containers/container.ts';
import type { ContainerConfig, ContainerInspect, ContainerNetworkSettings, MountPointInfo } from '#protocol/containers.ts';
import type { PortMap } from '#protocol/host-config.ts';
import type { EndpointConfig } from '#protocol/networks.ts';
import { formatGoTime } from '#protocol/timestamps.ts';
import { containerState } from './container-state.ts';
import { listOrNull, memberSet, sortedMap, withoutEmpty } from './empty.ts';
import { endpointsOf } from './endpoints.ts';
import { healthConfig } from './health-config.ts';
import { hostConfig } from './host-config.ts';

/** How inspect changes with the API version. */
export interface InspectVersion {
  /** API 1.52 took the default bridge's addresses from the top of `NetworkSettings`. */
  readonly legacyAddresses: boolean;
}

/** A container as `GET /containers/{id}/json` answers it, field by field in dockerd's order. */
export function containerInspect(container: ContainerDetails, version: InspectVersion): ContainerInspect {
  const { spec, runtime, sizes, snapshot } = container;
  return {
    Id: container.id,
    Created: formatGoTime(container.createdAt),
    Path: runtime.path,
    Args: runtime.args,
    State: containerState(container),
    Image: container.imageId,
    ResolvConfPath: container.resolvConfPath,
    HostnamePath: container.hostnamePath,
    HostsPath: container.hostsPath,
    LogPath: container.logPath,
    Name: `/${container.name}`,
    RestartCount: runtime.restartCount,
    Driver: snapshot.driver,
    Platform: runtime.platform,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: listOrNull(container.execIds),
    HostConfig: hostConfig(spec),
    GraphDriver: { Data: sortedMap(snapshot.facts), Name: snapshot.driver },
    ...(sizes && { SizeRw: sizes.writableBytes, SizeRootFs: sizes.rootfsBytes }),
    Mounts: runtime.mounts.map(mountPoint),
    Config: containerConfig(container),
    NetworkSettings: networkSettings(container, version),
  };
}

export function mountPoint(mount: MountPoint): MountPointInfo {
  const { type, name, source, destination, driver, mode, writable, propagation } = mount;
  return {
    Type: type,
    ...(name !== '' && { Name: name }),
    Source: source,
    Destination: destination,
    ...(driver !== '' && { Driver: driver }),
    Mode: mode,
    RW: writable,
    Propagation: propagation,
  };
}

function containerConfig({ spec: { process, image } }: ContainerDetails): ContainerConfig {
  return {
    Hostname: process.hostname,
    Domainname: process.domainname,
    User: process.user,
    AttachStdin: process.attachStdin,
    AttachStdout: process.attachStdout,
    AttachStderr: process.attachStderr,
    ...(process.exposedPorts.length > 0 && { ExposedPorts: memberSet(process.exposedPorts) }),
    Tty: process.tty,
    OpenStdin: process.openStdin,
    StdinOnce: process.stdinOnce,
    Env: listOrNull(process.env),
    Cmd: process.cmd,
    ...(process.healthcheck && { Healthcheck: healthConfig(process.healthcheck) }),
    ...(process.argsEscaped && { ArgsEscaped: true }),
    Image: image,
    Volumes: process.volumes.length > 0 ? memberSet(process.volumes) : null,
    WorkingDir: process.workingDir,
    Entrypoint: process.entrypoint,
    ...(process.networkDisabled && { NetworkDisabled: true }),
    OnBuild: process.onBuild,
    Labels: sortedMap(process.labels),
    ...withoutEmpty({ StopSignal: process.stopSignal ?? '' }),
    ...(process.stopTimeoutSeconds !== null && { StopTimeout: process.stopTimeoutSeconds }),
    ...(process.shell && process.shell.length > 0 && { Shell: process.shell }),
  };
}

function networkSettings(container: ContainerDetails, version: InspectVersion): ContainerNetworkSettings {
  const { runtime } = container;
  const networks = endpointsOf(container);
  const shared = { SandboxID: runtime.sandboxId, SandboxKey: runtime.sandboxPath, Ports: ports(runtime.ports) };
  if (!version.legacyAddresses) return { ...shared, Networks: networks };
  return {
    Bridge: '',
    ...shared,
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...bridgeAddresses(networks['bridge']),
    Networks: networks,
  };
}

function bridgeAddresses(bridge: EndpointConfig | undefined): Partial<ContainerNetworkSettings> {
  return {
    EndpointID: bridge?.EndpointID ?? '',
    Gateway: bridge?.Gateway ?? '',
    GlobalIPv6Address: bridge?.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: bridge?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: bridge?.IPAddress ?? '',
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
    IPv6Gateway: bridge?.IPv6Gateway ?? '',
    MacAddress: bridge?.MacAddress ?? '',
  };
}

function ports(published: ContainerDetails['runtime']['ports']): PortMap {
  const entries = Object.entries(published).map(([port, hosts]): [string, PortMap[string]] => [
    port,
    hosts?.map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: String(hostPort) })) ?? null,
  ]);
  return sortedMap(Object.fromEntries(entries));
}
