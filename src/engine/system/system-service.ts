import { execFile } from 'node:child_process';
import { readdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { newId } from '#base/ids.ts';
import { BUILD_TIME, GIT_COMMIT, VERSION } from '#base/version.ts';
import type { Images, RegistryCredentials } from '#engine/images/images.ts';
import type { Container } from '#engine/containers/container.ts';
import { LOG_DRIVERS } from '#parts/log-shipping/log-drivers.ts';
import { type SystemInfo, readSystemInfo } from '#parts/host/system-info.ts';
import type { DiskUsage, InfoFacts, System, VersionFacts } from './system.ts';
import type { DatabaseSync } from 'node:sqlite';

const run = promisify(execFile);

interface Parts {
  readonly db: DatabaseSync;
  readonly images: Pick<Images, 'list'>;
  readonly containers: () => readonly Container[];
  readonly eventListeners: () => number;
  readonly cgroupVersion: '1' | '2';
  readonly runtimes: Readonly<Record<string, { readonly path: string }>>;
  /** Docker's name of the snapshot driver. */
  readonly storageDriver: string;
  readonly defaultRuntime: string;
  readonly initBinary: string;
  readonly settings: InfoSettings;
  readonly layersBytes: () => Promise<number>;
  readonly onHello: () => void;
  readonly login: (credentials: RegistryCredentials, cancel: AbortSignal) => Promise<{ readonly identityToken: string }>;
}

/** The part of the configuration that `info` shows. */
export interface InfoSettings {
  readonly dataRoot: string;
  readonly labels: readonly string[];
  readonly debug: boolean;
  readonly logDriver: string;
  readonly insecureRegistries: readonly string[];
  readonly registryMirrors: readonly string[];
}

/** Answers what the engine is and how it fares. */
export class SystemService implements System {
  readonly #parts: Parts;
  readonly #id: string;
  #components: VersionFacts['components'] | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#id = engineId(parts.db);
  }

  hello(): void {
    this.#parts.onHello();
  }

  async version(): Promise<VersionFacts> {
    const host = readSystemInfo();
    this.#components ??= await this.#findComponents(host);
    return {
      version: VERSION,
      gitCommit: GIT_COMMIT,
      buildTime: BUILD_TIME,
      nodeVersion: process.version,
      os: 'linux',
      arch: host.architecture,
      kernelVersion: host.kernelVersion,
      components: this.#components,
    };
  }

  async info(): Promise<InfoFacts> {
    const { images, settings, runtimes, defaultRuntime, initBinary, cgroupVersion, eventListeners } = this.#parts;
    const host = readSystemInfo();
    return {
      ...(await this.version()),
      id: this.#id,
      hostname: host.hostname,
      operatingSystem: host.operatingSystem,
      osVersion: host.osVersion,
      cpus: host.cpus,
      memoryBytes: host.memoryBytes,
      dataRoot: settings.dataRoot,
      labels: settings.labels,
      debug: settings.debug,
      containers: this.#counts(),
      images: images.list({ all: false, filters: new Map() }).length,
      storageDriver: this.#parts.storageDriver,
      storageStatus: [['Backing Filesystem', await backingFileSystem(settings.dataRoot)], ['Supports d_type', 'true']],
      loggingDriver: settings.logDriver,
      loggingDrivers: LOG_DRIVERS.filter((name) => name !== 'none'),
      cgroupVersion,
      cgroupDriver: 'cgroupfs',
      runtimes,
      defaultRuntime,
      initBinary,
      securityOptions: ['name=seccomp,profile=builtin', ...(cgroupVersion === '2' ? ['name=cgroupns'] : [])],
      fileDescriptors: (await readdir('/proc/self/fd')).length,
      eventListeners: eventListeners(),
      liveRestore: true,
      insecureRegistries: settings.insecureRegistries,
      registryMirrors: settings.registryMirrors,
      warnings: [],
    };
  }

  async diskUsage(): Promise<DiskUsage> {
    return { layersBytes: await this.#parts.layersBytes() };
  }

  async authenticate(credentials: RegistryCredentials, cancel: AbortSignal): Promise<{ status: string; identityToken: string }> {
    const { identityToken } = await this.#parts.login(credentials, cancel);
    return { status: 'Login Succeeded', identityToken };
  }

  #counts(): InfoFacts['containers'] {
    const states = this.#parts.containers().map(({ state }) => state.status);
    const running = states.filter((status) => status === 'running' || status === 'restarting').length;
    const paused = states.filter((status) => status === 'paused').length;
    return { running, paused, stopped: states.length - running - paused };
  }

  async #findComponents(host: SystemInfo): Promise<VersionFacts['components']> {
    const engine = {
      name: 'Engine',
      version: VERSION,
      details: { GitCommit: GIT_COMMIT, BuildTime: BUILD_TIME, NodeVersion: process.version, Os: 'linux', Arch: host.architecture, KernelVersion: host.kernelVersion },
    };
    const runtimes = Object.entries(this.#parts.runtimes).map(async ([name, { path }]) => ({ name, version: await versionOf(path), details: { Path: path } }));
    return [engine, ...(await Promise.all(runtimes))];
  }
}

/** The first line of `PATH --version` without the name; `unknown` where it does not say. */
async function versionOf(path: string): Promise<string> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 5000, maxBuffer: 64 * 1024 });
    return /version\s+(\S+)/.exec(stdout)?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Magic numbers of statfs(2), with the names that Docker gives them. */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'extfs'], [0x58465342, 'xfs'], [0x9123683e, 'btrfs'], [0x01021994, 'tmpfs'], [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'], [0x6969, 'nfs'], [0xf2f52010, 'f2fs'],
]);

async function backingFileSystem(dataRoot: string): Promise<string> {
  const { type } = await statfs(dataRoot);
  return FILE_SYSTEMS.get(type) ?? '<unknown>';
}

function engineId(db: DatabaseSync): string {
  const known = db.prepare("SELECT value FROM fact WHERE name = 'engine-id'").get();
  if (known) return String(known['value']);
  const hex = newId();
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  db.prepare("INSERT INTO fact VALUES ('engine-id', ?)").run(id);
  return id;
}
