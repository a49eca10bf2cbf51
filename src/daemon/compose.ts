import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { VERSION } from '#base/version.ts';
import { createApi } from '#api/create-api.ts';
import type { ApiServer } from '#api/server.ts';
import { ContainerRecords } from '#engine/containers/records.ts';
import { isLive } from '#engine/containers/state.ts';
import { EventLog } from '#engine/events/event-log.ts';
import { ImageBootstrapper } from '#engine/images/bootstrap.ts';
import { makeContainerImage } from '#engine/images/container-image.ts';
import { ImageStore } from '#engine/images/image-store.ts';
import type { Images } from '#engine/images/images.ts';
import { ImagePuller } from '#engine/images/pull.ts';
import { pullTarget } from '#engine/images/pull-target.ts';
import type { Container } from '#engine/containers/container.ts';
import { networkMembers } from '#engine/containers/network-members.ts';
import { engineMetrics } from '#engine/metrics/engine-metrics.ts';
import { MetricService } from '#engine/metrics/metrics.ts';
import { StoredNetworks } from '#engine/networks/stored-networks.ts';
import { SystemService } from '#engine/system/system-service.ts';
import { VolumeService } from '#engine/volumes/volume-service.ts';
import { ContentStore } from '#parts/content/content-store.ts';
import { Leases } from '#parts/content/leases.ts';
import { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { HostNetwork } from '#parts/network/host-network.ts';
import { NetworkRecords } from '#parts/records/network-records.ts';
import { openDatabase } from '#parts/records/database.ts';
import { Registries } from '#parts/registry/registries.ts';
import { registrySettings } from '#parts/registry/settings.ts';
import { openSnapshotter } from '#parts/snapshots/open-snapshotter.ts';
import { composeContainers } from './compose-containers.ts';
import { findHost } from './compose-host.ts';
import { processFigures } from './process-figures.ts';
import type { DaemonConfig } from './config.ts';

/** A whole engine, built and not yet listening. */
export interface Engine {
  readonly api: ApiServer;
  /** Brings records and reality together; before the API listens. */
  recover(): Promise<void>;
  /** Ends the engine; containers run on. Never throws. */
  stop(): Promise<void>;
}

const LAYER_THREADS = 2;
/** From a client's hello to the request that starts something. */
const HELLO_MS = 20;
const SWEEP_MS = 3600 * 1000;

/** The only place where the engine's parts are made and joined. */
export async function composeEngine(config: DaemonConfig, log: Log): Promise<Engine> {
  const { dataRoot, execRoot } = config;
  for (const path of [dataRoot, execRoot]) mkdirSync(path, { recursive: true, mode: 0o711 });
  const host = await findHost(config);
  const db = openDatabase(join(dataRoot, 'onggi.db'));
  const events = new EventLog(db, log);
  const records = new ContainerRecords(db);

  const workers = new LayerWorkers(LAYER_THREADS);
  const snapshots = openSnapshotter(config.storageDriver, { layersRoot: join(dataRoot, 'layers'), containersRoot: join(dataRoot, 'containers'), workers, log });
  const content = await ContentStore.open(join(dataRoot, 'content'));
  const leases = new Leases();
  const usersOf = (imageId: string): { id: string; name: string; running: boolean }[] =>
    records.list().filter((container) => container.imageId === imageId).map(({ id, name, state }) => ({ id, name, running: isLive(state) }));
  const store = new ImageStore({ db, content, snapshots, leases, events, log, usersOf });
  const registries = new Registries(registrySettings({ mirrors: config.registryMirrors, insecureRegistries: config.insecureRegistries, userAgent: `onggi/${VERSION}` }));
  const puller = new ImagePuller({ registries, content, snapshots, leases, events, log, images: pullTarget(store), maxDownloads: config.maxConcurrentDownloads, maxAttempts: config.maxDownloadAttempts });
  const images = withPull(store, puller);
  const bootstrapper = await ImageBootstrapper.open({
    records: store.records, committer: store.committer, garbage: store.garbage,
    content, leases, events,
    workFolder: join(dataRoot, 'bootstrap'),
  });

  const volumes = new VolumeService({
    db, events,
    folder: join(dataRoot, 'volumes'),
    usersOf: (name) => volumeUsers(records, name),
    removeTree: (path) => workers.removeTree(path),
    log,
  });
  const network = new HostNetwork({
    execRoot, log,
    interContainer: config.interContainer, hostIp: config.publishAddress, ipForward: config.ipForward, masquerade: config.masquerade,
    ...(config.bridge !== '' && { bridgeName: config.bridge }),
    ...(config.bip !== '' && { bip: config.bip }),
    ...(config.mtu !== 0 && { mtu: config.mtu }),
  });
  try {
    await network.setUp();
  } catch (thrown) {
    // containers without a network of their own run all the same; a start on the bridge tells the reason again
    log.error('the default bridge could not be set up', { error: messageOf(thrown) });
  }
  const networkRecords = new NetworkRecords(db);
  const networks = new StoredNetworks({ records: networkRecords, bridge: () => network.bridge(), members: networkMembers(records) });
  const composed = composeContainers({
    config, log, host, records, images, volumes, events, snapshots, network,
    bridgeGateway: () => network.bridge()?.gateway ?? '',
    networkIdOf: (mode) => networkRecords.builtInId(mode),
    makeImage: (request, cancel) => makeContainerImage({ records: store.records, blobs: store.blobs, content, leases, committer: store.committer, garbage: store.garbage, events }, request, cancel),
    lineageOf: (id) => store.lineageOf(id),
  });
  const system = new SystemService({
    db, images,
    containers: () => records.list(),
    eventListeners: () => events.readers,
    cgroupVersion: host.cgroups.version === 2 ? '2' : '1',
    runtimes: Object.fromEntries(host.runtimes.list().map(({ name, path }) => [name, { path }])),
    storageDriver: snapshots.driver,
    defaultRuntime: host.runtimes.defaultName,
    initBinary: config.initPath || 'docker-init',
    settings: {
      dataRoot,
      labels: config.labels, debug: config.logLevel === 'debug', logDriver: config.logDriver,
      insecureRegistries: config.insecureRegistries, registryMirrors: config.registryMirrors,
    },
    onHello: () => host.moves.expect(HELLO_MS),
    layersBytes: async () => snapshots.listLayers().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    login: (credentials, cancel) => registries.login(credentials.serverAddress, credentials, cancel),
  });
  const metrics = new MetricService([
    engineMetrics({
      info: () => system.info(),
      events: () => events,
      volumes: () => volumes.list(new Map()).length,
      layerBytes: () => snapshots.listLayers().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      process: processFigures,
    }),
    ...composed.metrics,
  ], log);
  const api = createApi({
    images, networks, volumes, events, system, metrics, log,
    containers: composed.containers,
    execs: composed.execs,
    files: composed.files,
    commit: composed.commit,
    bootstrap: (request, report, cancel) => bootstrapper.bootstrap(request, report, cancel),
  });

  const quietly = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      log.error(`failed: ${what}`, { error: thrown });
    }
  };
  const sweep = (): Promise<void> => quietly('sweeping the image store', () => store.sweep());
  const sweeping = setInterval(() => void sweep(), SWEEP_MS).unref();
  return {
    api,
    recover: async () => {
      await composed.recover();
      void sweep(); // nobody waits for it
    },
    stop: async () => {
      clearInterval(sweeping);
      await quietly('stopping the API', () => api.close());
      await quietly('stopping containers', () => composed.stop());
      await quietly('stopping registries', () => registries[Symbol.dispose]());
      await quietly('stopping layers', () => snapshots[Symbol.asyncDispose]());
      await quietly('stopping runtimes', () => host.runtimes[Symbol.dispose]());
      await quietly('stopping cgroup moves', () => host.moves[Symbol.asyncDispose]());
      await quietly('stopping the network', () => network[Symbol.dispose]());
      await quietly('closing the database', () => {
        events.flush();
        db.close();
      });
    },
  };
}

function withPull(store: ImageStore, puller: ImagePuller): Images {
  return {
    get: (ref) => store.get(ref),
    find: (ref) => store.find(ref),
    list: (query) => store.list(query),
    history: (ref) => store.history(ref),
    pull: (request, report, cancel) => puller.pull(request, report, cancel),
    load: (archive, options, report, cancel) => store.load(archive, options, report, cancel),
    save: (refs, cancel) => store.save(refs, cancel),
    import: (archive, request, report, cancel) => store.import(archive, request, report, cancel),
    tag: (ref, repository, tag) => store.tag(ref, repository, tag),
    remove: (ref, options) => store.remove(ref, options),
    prune: (filters) => store.prune(filters),
  };
}

/** Ids of the containers that have the volume, but for those that just go. */
function volumeUsers(records: ContainerRecords, name: string): readonly string[] {
  const has = ({ runtime }: Container): boolean => runtime.mounts.some((mount) => mount.type === 'volume' && mount.name === name);
  return records.list().filter((container) => container.state.status !== 'removing' && has(container)).map(({ id }) => id);
}
