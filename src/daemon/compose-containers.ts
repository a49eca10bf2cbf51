import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, messageOf } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { Container } from '#engine/containers/container.ts';
import { type CommitContainer, containerCommitter } from '#engine/containers/container-committer.ts';
import { type ContainerFiles, ContainerFileService } from '#engine/containers/container-files.ts';
import { ContainerLogs } from '#engine/containers/container-logs.ts';
import { ContainerService } from '#engine/containers/container-service.ts';
import { copyUp } from '#engine/containers/copy-up.ts';
import { ContainerCreator, type RootFilesystems } from '#engine/containers/creator.ts';
import { execLauncher } from '#engine/containers/exec-launcher.ts';
import { ExecService } from '#engine/containers/exec-service.ts';
import { HealthMonitor } from '#engine/containers/health-monitor.ts';
import { ContainerInspector } from '#engine/containers/inspector.ts';
import { ContainerLauncher, userOf } from '#engine/containers/launcher.ts';
import { LiveContainers, type LiveProcess } from '#engine/containers/live-process.ts';
import { peersOf } from '#engine/containers/namespaces.ts';
import { NetworkJoiner } from '#engine/containers/network-joiner.ts';
import { reapContainer } from '#engine/containers/reaper.ts';
import type { ContainerRecords } from '#engine/containers/records.ts';
import { ContainerRecovery } from '#engine/containers/recovery.ts';
import { ContainerRemover } from '#engine/containers/remover.ts';
import { ContainerShipping } from '#engine/containers/container-shipping.ts';
import { assertRunnable } from '#engine/containers/runnable.ts';
import { SharedMemoryMounts } from '#engine/containers/shared-memory-mounts.ts';
import { ContainerStarter } from '#engine/containers/starter.ts';
import { isLive } from '#engine/containers/state.ts';
import { ContainerStats } from '#engine/containers/stats.ts';
import { StdioHub } from '#engine/containers/stdio-hub.ts';
import { ContainerStopper } from '#engine/containers/stopper.ts';
import { ContainerSupervisor } from '#engine/containers/supervisor.ts';
import { ContainerUpdater } from '#engine/containers/updater.ts';
import type { EventLog } from '#engine/events/event-log.ts';
import type { ContainerImageRequest } from '#engine/images/container-image.ts';
import type { Images } from '#engine/images/images.ts';
import { containerMetrics } from '#engine/metrics/container-metrics.ts';
import { logMetrics } from '#engine/metrics/log-metrics.ts';
import type { MetricCollector } from '#engine/metrics/metrics.ts';
import type { VolumeService } from '#engine/volumes/volume-service.ts';
import { ArchiveThreads } from '#parts/archive/archive-threads.ts';
import { listCgroupPids } from '#parts/host/cgroups.ts';
import { freezeCgroup } from '#parts/host/freezer.ts';
import { parseSignal, requireSupportedSignal } from '#parts/host/signals.ts';
import { readLog } from '#parts/logs/read-log.ts';
import { checkLogDriver } from '#parts/log-shipping/log-drivers.ts';
import { applyLimits } from '#parts/runtime/apply-limits.ts';
import { cgroupPathOf } from '#parts/runtime/container-cgroup.ts';
import { findInit } from '#parts/runtime/init-binary.ts';
import { checkLimits } from '#parts/runtime/limits-check.ts';
import { limitWrites } from '#parts/runtime/limit-writes.ts';
import { checkNamespaceMode, containerOfMode } from '#parts/runtime/namespaces.ts';
import { capabilitiesOf } from '#parts/security/capabilities.ts';
import { parseSecurityOptions } from '#parts/security/security-options.ts';
import { readExitRecord } from '#parts/shim/exit-record.ts';
import { RuntimeFailure } from '#parts/shim/runtime-failure.ts';
import { connectShim } from '#parts/shim/shim.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import type { NetworkDriver } from '#parts/network/network-driver.ts';
import type { DaemonConfig } from './config.ts';
import type { HostParts } from './compose-host.ts';
import { networkFilesWriter } from './network-files.ts';
import { statsSources } from './stats-sources.ts';

export interface ContainerParts {
  readonly config: DaemonConfig;
  readonly log: Log;
  readonly host: HostParts;
  readonly records: ContainerRecords;
  readonly images: Images;
  readonly makeImage: (request: ContainerImageRequest, cancel: AbortSignal) => Promise<{ readonly id: string; readonly name: string }>;
  readonly lineageOf: (imageId: string) => readonly string[];
  readonly volumes: VolumeService;
  readonly events: EventLog;
  readonly snapshots: Snapshotter;
  readonly network: NetworkDriver;
  readonly bridgeGateway: () => string;
  readonly networkIdOf: (mode: 'bridge' | 'host' | 'none') => string;
}

export interface ComposedContainers {
  readonly containers: ContainerService;
  readonly execs: ExecService;
  readonly metrics: readonly MetricCollector[];
  readonly files: ContainerFiles;
  readonly commit: CommitContainer;
  recover(): Promise<void>;
  stop(): Promise<void>;
}

/** From a request to the moment when the runtime puts the process into its cgroups, at most, on a machine with time. */
const START_MS = 50;

/** Builds everything that has to do with containers. */
export function composeContainers(parts: ContainerParts): ComposedContainers {
  const { config, log, host, records, images, volumes, events, snapshots, network } = parts;
  const folder = join(config.dataRoot, 'containers');
  const stateFolder = join(config.execRoot, 'containers');
  const execFolder = join(config.execRoot, 'execs');
  const runtimeRoot = join(config.execRoot, 'runtime');
  // bundles hold what containers have in their environment
  for (const path of [folder, stateFolder, execFolder, runtimeRoot]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o700);
  }

  checkDefaultDriver(config);
  const locks = new KeyedLock();
  const live = new LiveContainers();
  const hub = new StdioHub(log);
  const shm = new SharedMemoryMounts(join(config.execRoot, 'shm'));
  const peers = peersOf(records, ({ id }) => shm.pathOf(id));
  const roots: RootFilesystems = {
    prepare: (id, chainId) => snapshots.prepare(id, chainId),
    mount: (id) => snapshots.mount(id),
    unmount: async (id) => {
      shm.unmount(id);
      await snapshots.unmount(id);
    },
    remove: (id) => snapshots.remove(id),
  };
  const pathOf = ({ id, spec }: Pick<Container, 'id'> & Partial<Container>): string => cgroupPathOf(spec?.limits.cgroupParent || config.cgroupParent, id);
  const reap = (id: string): Promise<void> =>
    reapContainer(id, { records, cgroups: host.cgroups, cgroupPathOf: pathOf, runtimeRoot, stateFolder, log, unmountRoot: (one) => roots.unmount(one) });

  const shipping = new ContainerShipping({ records, events, log, hostname: host.hostname, folder });
  const launcher = new ContainerLauncher({
    verifyLogging: (container) => shipping.verify(container),
    shimPath: host.shimPath,
    runtimes: host.runtimes,
    runtimeRoot,
    host: host.spec,
    cgroups: host.cgroups,
    cgroupPathOf: pathOf,
    findInit: () => findInit(config.initPath),
    peers, folder, stateFolder, shm,
    writeNetworkFiles: networkFilesWriter(config, parts.bridgeGateway),
  });
  const expectStart = (): void => host.moves.expect(START_MS);
  const execs = new ExecService({
    records, events, hub, log, expectStart,
    checkUser: async (container, user) => void (await userOf(container, snapshots.rootOf(container.id), user)),
    launch: execLauncher({
      shimPath: host.shimPath, runtimes: host.runtimes, runtimeRoot, host: host.spec, stateFolder: execFolder,
      rootOf: (id) => snapshots.rootOf(id),
    }),
  });
  const health = new HealthMonitor({ records, events, log, run: (id, spec, limit, cancel) => execs.run(id, spec, limit, cancel) });
  const supervisor: ContainerSupervisor = new ContainerSupervisor({
    records, live, locks, events, log, reap,
    start: (id) => starter.restart(id),
    remove: (id) => remover.removeStopped(id),
    // a few small files in memory
    clearState: async (id) => rmSync(join(stateFolder, id), { recursive: true, force: true }),
  });
  const watch = (container: Container, generation: number, process: LiveProcess): void => {
    supervisor.watch(container.id, generation, process);
    health.begin(container);
  };
  const joiner = new NetworkJoiner({ driver: network, records, networkIdOf: parts.networkIdOf });
  const starter: ContainerStarter = new ContainerStarter({
    records, live, locks, hub, events, log, expectStart,
    roots,
    join: (container, cancel) => joiner.join(container, cancel),
    launch: (request, cancel) => launcher.launch(request, cancel),
    onStarted: watch,
    removeFailed: (id) => remover.removeStopped(id),
    assertRunnable: ({ imageId }) => assertRunnable(images.find(imageId), host.architecture),
  });
  const freeze = (id: string, frozen: boolean): Promise<void> => freezeCgroup(host.cgroups, pathOf(records.get(id)), frozen);
  const stopper: ContainerStopper = new ContainerStopper({
    records, live, locks, supervisor, events, log,
    signalNumber: (text) => {
      const number = parseSignal(text);
      requireSupportedSignal(number);
      return number;
    },
    unpause: (id) => containers.unpause(id),
  });
  const remover: ContainerRemover = new ContainerRemover({ beforeRemoval: (id) => shipping.drain(id), records, locks, roots, volumes, stopper, supervisor, hub, events, log, folder });
  const creator = new ContainerCreator({
    records, images, volumes, events, log, roots, expectStart,
    defaults: {
      folder,
      logDriver: config.logDriver, logOptions: config.logOptions,
      runtime: host.runtimes.defaultName, architecture: host.architecture, hostname: host.hostname,
      cgroupnsMode: host.cgroups.version === 2 ? 'private' : 'host',
    },
    checkLimits: (limits) => checkLimits(limits, host.cgroupFacts),
    checkLogging: checkLogDriver,
    checkRuntime: (name) => void host.runtimes.get(name),
    checkSpec: ({ process, security, host: settings }) => {
      if (process.stopSignal !== null && process.stopSignal !== '') parseSignal(process.stopSignal);
      for (const mode of [settings.ipcMode, settings.pidMode]) {
        const peer = containerOfMode(mode);
        if (peer !== undefined && peer !== '') assertPeer(records, peer);
      }
      parseSecurityOptions(security.securityOpt);
      capabilitiesOf(security, host.spec.capabilities);
      checkNamespaceMode('ipc', settings.ipcMode);
      checkNamespaceMode('pid', settings.pidMode);
      checkNamespaceMode('uts', settings.utsMode);
      checkNamespaceMode('cgroup', settings.cgroupnsMode);
    },
    copyUp,
    isEmptyVolume: (name) => volumes.isEmpty(volumes.inspect(name)),
  });
  const inspector = new ContainerInspector({
    records, folder,
    roots: snapshots,
    findImage: (ref) => images.find(ref),
    lineageOf: parts.lineageOf,
    healthOf: (id) => health.healthOf(id),
    execIdsOf: (id) => execs.idsOf(id),
  });
  const logs = new ContainerLogs({ records, folder, read: (path, query, ended, cancel) => readLog(path, query, { ended }, cancel) });
  const updater = new ContainerUpdater({
    records, locks, events,
    checkLimits: (limits) => checkLimits(limits, host.cgroupFacts, 'update'),
    applyLimits: (container, asked, merged) => applyLimits(limitWrites(host.cgroups, pathOf(container), asked, merged)),
  });
  const sources = statsSources(host.cgroups, pathOf);
  const stats = new ContainerStats({ records, sources });
  const containers: ContainerService = new ContainerService({
    records, creator, starter, stopper, remover, inspector, logs, stats, updater, hub, live, locks, events, log, freeze,
    pidsOf: (id) => listCgroupPids(host.cgroups, pathOf(records.get(id))),
  });
  const threads = new ArchiveThreads((count) => log.warn('some files were left out of an archive: sockets, or too deep for a path', { count }));
  const files = new ContainerFileService({
    records, locks, events, threads, folder,
    roots: snapshots,
    ownerOf: (container, root) => userOf(container, root),
  });
  const commit = containerCommitter({
    records, events, threads,
    roots: snapshots,
    pause: (id) => containers.pause(id),
    unpause: (id) => containers.unpause(id),
    makeImage: parts.makeImage,
  });
  const recovery = new ContainerRecovery({
    records, live, supervisor, remover, volumes, reap, log, folder,
    reconnect: ({ id }) => reconnect(join(stateFolder, id)),
    exitOf: async ({ id, state }) => {
      const record = await readExitRecord(join(folder, id, 'exit.json'));
      return record && isLive(state) && record.generation === state.generation ? record : undefined;
    },
    rejoin: (container) => joiner.rejoin(container),
    unmountRoot: (id) => roots.unmount(id),
    shimIds: async () => readdirSync(stateFolder),
    sweepNetwork: () => network.sweep(),
    start: (id) => starter.comeBack(id),
    onFound: watch,
    freeze,
  });
  return {
    containers, execs, files, commit,
    metrics: [containerMetrics({ containers: () => records.list(), sources }), logMetrics({ containers: () => records.list(), folder })],
    recover: async () => {
      // execs do not outlive the engine that knew them: their shims end with them
      for (const id of readdirSync(execFolder)) rmSync(join(execFolder, id), { recursive: true, force: true });
      shipping.begin();
      await recovery.recover();
    },
    stop: async () => {
      health.stop();
      supervisor.stop();
      await shipping.stop();
    },
  };
}

/** dockerd refuses to begin with log options that no container could start with. */
function checkDefaultDriver({ logDriver, logOptions }: DaemonConfig): void {
  try {
    checkLogDriver(logDriver, logOptions);
  } catch (thrown) {
    throw new EngineError('invalid', `failed to set log opts: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function reconnect(directory: string): Promise<LiveProcess | undefined> {
  try {
    return await connectShim(directory);
  } catch (thrown) {
    if (thrown instanceof RuntimeFailure || ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw thrown;
  }
}

/** Docker answers 400 here, where a lookup of the container itself would be 404. */
function assertPeer(records: ContainerRecords, ref: string): void {
  if (!records.find(ref)) throw new EngineError('invalid', `No such container: ${ref}`);
}
