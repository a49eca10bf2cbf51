import type { ContainerDetails } from '#engine/containers/container.ts';
import { isLive } from '#engine/containers/state.ts';
import type { ContainerSummary, PortSummary } from '#protocol/containers.ts';
import { mountPoint } from './container-inspect.ts';
import { byCodeUnit, isEmpty, sortedMap } from './empty.ts';
import { endpointSummariesOf } from './endpoints.ts';
import { humanDuration } from './human-duration.ts';

/** How a row of the list changes with the API version. */
export interface ListVersion {
  /** Since API 1.46. */
  readonly annotations: boolean;
  /** Since API 1.52. */
  readonly health: boolean;
}

/** One row of `GET /containers/json`. */
export function containerSummary(container: ContainerDetails, version: ListVersion, nowMs: number): ContainerSummary {
  const { spec, runtime, sizes, health } = container;
  const annotated = version.annotations && !isEmpty(spec.host.annotations);
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: spec.image === '' ? container.imageId : spec.image,
    ImageID: container.imageId,
    Command: commandText(runtime.path, runtime.args),
    Created: Math.trunc(container.createdAt.getTime() / 1000),
    Ports: portSummaries(runtime.ports),
    // Go leaves a zero out here
    ...(sizes && sizes.writableBytes !== 0 && { SizeRw: sizes.writableBytes }),
    ...(sizes && sizes.rootfsBytes !== 0 && { SizeRootFs: sizes.rootfsBytes }),
    Labels: sortedMap(spec.process.labels),
    State: container.state.status,
    Status: statusLine(container, nowMs),
    HostConfig: { NetworkMode: spec.network.mode, ...(annotated && { Annotations: sortedMap(spec.host.annotations) }) },
    NetworkSettings: { Networks: endpointSummariesOf(container) },
    Mounts: runtime.mounts.map(mountPoint),
    ...(version.health && { Health: { Status: health?.status ?? 'none', FailingStreak: health?.failingStreak ?? 0 } }),
  };
}

/** `Up 5 seconds (healthy)`, `Exited (0) 2 minutes ago`, and the like. */
export function statusLine({ state, health }: ContainerDetails, nowMs: number): string {
  const ago = (time: Date): string => humanDuration(nowMs - time.getTime());
  switch (state.status) {
    case 'running': {
      const verdict = health && (health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`);
      return `Up ${ago(state.startedAt)}${verdict ?? ''}`;
    }
    case 'paused':
      return `Up ${ago(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${ago(state.finishedAt)} ago`;
    case 'exited':
      return `Exited (${state.exitCode}) ${ago(state.finishedAt)} ago`;
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default:
      return state satisfies never;
  }
}

/** Path and arguments in one line; what holds a space is quoted, as dockerd does it for this field alone. */
function commandText(path: string, args: readonly string[]): string {
  if (args.length === 0) return path;
  return `${path} ${args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')}`;
}

function portSummaries(ports: ContainerDetails['runtime']['ports']): readonly PortSummary[] {
  const rows = Object.entries(ports).flatMap(([port, hosts]): PortSummary[] => {
    const [number = '0', Type = 'tcp'] = port.split('/');
    const PrivatePort = Number(number);
    if (!hosts || hosts.length === 0) return [{ PrivatePort, Type }];
    return hosts.map(({ hostIp, hostPort }) => ({ IP: hostIp, PrivatePort, PublicPort: hostPort, Type }));
  });
  return rows.sort((a, b) => a.PrivatePort - b.PrivatePort || byCodeUnit(a.Type, b.Type) || byCodeUnit(a.IP ?? '', b.IP ?? ''));
}

/** Containers that count as active for the sums of `/system/df`. */
export function isActive(container: ContainerDetails): boolean {
  return isLive(container.state) || container.state.status === 'restarting';
}
