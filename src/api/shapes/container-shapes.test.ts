import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { containerDetails } from '#api/testing.ts';
import type { ContainerDetails, Endpoint, Health, MountPoint, PublishedPort } from '#engine/containers/container.ts';
import { NEVER, type ContainerState } from '#engine/containers/state.ts';
import type { ContainerInspect, ContainerSummary, MountPointInfo } from '#protocol/containers.ts';
import type { EndpointConfig } from '#protocol/networks.ts';
import { containerInspect } from './container-inspect.ts';
import { containerSummary, statusLine } from './container-list.ts';
import { hostConfig } from './host-config.ts';

// What dockerd 28.5.2 answered for containers of the docker command line; its times are cut to milliseconds.
const inspected = fixture<ContainerInspect>('inspect.json');
const listed = fixture<ContainerSummary>('list.json');

function fixture<T>(file: string): Readonly<Record<string, T>> {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8')) as Record<string, T>;
}

/** The engine's view of a container that dockerd showed so: what was asked for goes through a create request. */
function detailsOf(shown: ContainerInspect, endpointsAsked: object = {}): ContainerDetails {
  const { Config, HostConfig, NetworkSettings, GraphDriver } = shown;
  const shares = HostConfig.NetworkMode.startsWith('container:');
  const body = { ...Config, ...(shares && { Hostname: '' }), HostConfig, NetworkingConfig: { EndpointsConfig: endpointsAsked } };
  const details = containerDetails(body, {
    id: shown.Id,
    name: shown.Name.slice(1),
    imageId: shown.Image,
    createdAt: new Date(shown.Created),
    state: stateOf(shown),
    health: healthOf(shown),
    execIds: shown.ExecIDs ?? [],
    logPath: shown.LogPath,
    resolvConfPath: shown.ResolvConfPath,
    hostnamePath: shown.HostnamePath,
    hostsPath: shown.HostsPath,
    snapshot: { driver: GraphDriver.Name, facts: GraphDriver.Data ?? {} },
  });
  const joined = Object.entries(NetworkSettings.Networks).map(([name, endpoint]) => [name, endpointOf(endpoint)]);
  return {
    ...details,
    spec: { ...details.spec, process: { ...details.spec.process, hostname: Config.Hostname } },
    runtime: {
      ...details.runtime,
      mounts: shown.Mounts.map(mountOf),
      endpoints: Object.fromEntries(joined) as Record<string, Endpoint>,
      ports: Object.fromEntries(Object.entries(NetworkSettings.Ports).map(([port, hosts]) => [port, hosts?.map(portOf) ?? null])),
      sandboxId: NetworkSettings.SandboxID,
      sandboxPath: NetworkSettings.SandboxKey,
    },
  };
}

function stateOf({ State: state }: ContainerInspect): ContainerState {
  const startedAt = new Date(state.StartedAt);
  if (state.Running) return { status: 'running', pid: state.Pid, generation: 1, startedAt };
  if (state.Status === 'created') return { status: 'created', exit: null };
  const { ExitCode: exitCode, OOMKilled: oomKilled, Error: error } = state;
  return { status: 'exited', generation: 1, exitCode, oomKilled, error, startedAt, finishedAt: new Date(state.FinishedAt) };
}

function healthOf({ State: { Health: health } }: ContainerInspect): Health | null {
  if (!health) return null;
  const log = health.Log.map(({ Start, End, ExitCode: exitCode, Output: output }) => ({
    startedAt: new Date(Start), endedAt: new Date(End), exitCode, output,
  }));
  return { status: health.Status as Health['status'], failingStreak: health.FailingStreak, log };
}

function endpointOf(shown: EndpointConfig): Endpoint {
  return {
    networkId: shown.NetworkID, endpointId: shown.EndpointID, gateway: shown.Gateway, ipv4: shown.IPAddress,
    ipv4PrefixLength: shown.IPPrefixLen, gateway6: '', ipv6: '', ipv6PrefixLength: 0, macAddress: shown.MacAddress,
    aliases: shown.Aliases ?? [], dnsNames: shown.DNSNames ?? [],
  };
}

function mountOf(shown: MountPointInfo): MountPoint {
  return {
    type: shown.Type as MountPoint['type'], name: shown.Name ?? '', source: shown.Source, destination: shown.Destination,
    driver: shown.Driver ?? '', mode: shown.Mode, writable: shown.RW, propagation: shown.Propagation,
  };
}

function portOf({ HostIp: hostIp, HostPort: hostPort }: { HostIp: string; HostPort: string }): PublishedPort {
  return { hostIp, hostPort: Number(hostPort) };
}

const ALIASED = { mynet: { Aliases: ['al'] } };

for (const [name, shown] of Object.entries(inspected)) {
  test(`inspect of "${name}" is dockerd's, byte for byte`, () => {
    const details = detailsOf(shown, name === 'unet' ? ALIASED : {});
    const ours = containerInspect(details, { legacyAddresses: true });
    assert.deepEqual(ours, shown);
    assert.equal(JSON.stringify(ours), JSON.stringify(shown));
  });
}

for (const [name, row] of Object.entries(listed)) {
  const shown = inspected[name];
  if (!shown) continue;
  test(`the row of "${name}" is dockerd's`, () => {
    const details = detailsOf(shown, name === 'unet' ? ALIASED : {});
    const at = new Date('2026-11-22T06:00:48.500Z').getTime();
    const ours = containerSummary(details, { annotations: true, health: false }, at);
    const unordered = (mounts: readonly MountPointInfo[]): unknown[] => [...mounts].map(({ Destination }) => Destination).sort();
    assert.deepEqual(unordered(ours.Mounts), unordered(row.Mounts));
    assert.equal(JSON.stringify({ ...ours, Mounts: [] }), JSON.stringify({ ...row, Mounts: [] }));
  });
}

test('the addresses at the top go away with API 1.52, and health comes into the list', () => {
  const details = containerDetails({});
  const shown = containerInspect(details, { legacyAddresses: false });
  assert.deepEqual(Object.keys(shown.NetworkSettings), ['SandboxID', 'SandboxKey', 'Ports', 'Networks']);
  assert.deepEqual(containerSummary(details, { annotations: true, health: true }, 0).Health, { Status: 'none', FailingStreak: 0 });
});

test('a privileged container has no masked paths', () => {
  const shown = hostConfig(containerDetails({ HostConfig: { Privileged: true } }).spec);
  assert.equal(shown.MaskedPaths, null);
  assert.equal(shown.ReadonlyPaths, null);
});

test('status lines are those of Docker’s list', () => {
  const now = new Date('2026-01-02T00:00:00Z').getTime();
  const ago = (seconds: number): Date => new Date(now - seconds * 1000);
  const line = (state: ContainerState, health: Health['status'] | null = null): string =>
    statusLine(containerDetails({}, { state, health: health && { status: health, failingStreak: 0, log: [] } }), now);
  const running = (seconds: number): ContainerState => ({ status: 'running', pid: 1, generation: 1, startedAt: ago(seconds) });
  const ended = { generation: 1, exitCode: 137, oomKilled: false, error: '', startedAt: ago(99), finishedAt: ago(120) };
  assert.equal(line(running(0.2)), 'Up Less than a second');
  assert.equal(line(running(5)), 'Up 5 seconds');
  assert.equal(line(running(90), 'healthy'), 'Up About a minute (healthy)');
  assert.equal(line(running(3600), 'starting'), 'Up About an hour (health: starting)');
  assert.equal(line(running(86400 * 3), 'unhealthy'), 'Up 3 days (unhealthy)');
  assert.equal(line({ ...running(7200), status: 'paused' } as ContainerState), 'Up 2 hours (Paused)');
  assert.equal(line({ status: 'exited', ...ended }), 'Exited (137) 2 minutes ago');
  assert.equal(line({ status: 'restarting', ...ended }), 'Restarting (137) 2 minutes ago');
  assert.equal(line({ status: 'created', exit: null }), 'Created');
  assert.equal(line({ status: 'removing', exit: null, volumes: false }), 'Removal In Progress');
  assert.equal(line({ status: 'dead', exit: null, volumes: false }), 'Dead');
});

test('a start that failed shows its error and no times', () => {
  const exit = { exitCode: 127, oomKilled: false, error: 'exec: "/nope": no such file or directory', startedAt: null, finishedAt: NEVER };
  const { State: state } = containerInspect(containerDetails({}, { state: { status: 'created', exit } }), { legacyAddresses: true });
  assert.equal(state.ExitCode, 127);
  assert.match(state.Error, /no such file/);
  assert.equal(state.StartedAt, '0001-01-01T00:00:00Z');
  assert.equal(state.FinishedAt, '0001-01-01T00:00:00Z');
});
