// Fakes and builders for the tests of this folder.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { KeyedLock } from '#base/keyed-lock.ts';
import { silentLog } from '#base/log.ts';
import type { EngineEvent, Events } from '#engine/events/events.ts';
import { openDatabase } from '#parts/records/database.ts';
import type { Container } from './container.ts';
import type { TerminalSize } from './containers.ts';
import type { RootFilesystems } from './creator.ts';
import { LiveContainers, type LiveProcess, type ProcessExit } from './live-process.ts';
import { ContainerRecords } from './records.ts';
import { ContainerRemover } from './remover.ts';
import type { ContainerSpec } from './spec.ts';
import { ContainerStarter, type JoinedNetwork, type StartRequest } from './starter.ts';
import { StdioHub } from './stdio-hub.ts';
import { ContainerStopper } from './stopper.ts';
import { ContainerSupervisor } from './supervisor.ts';

/** A specification with Docker's defaults and these changes. */
export function specOf(changes: { process?: Partial<ContainerSpec['process']>; host?: Partial<ContainerSpec['host']> } = {}): ContainerSpec {
  return {
    image: 'busybox',
    process: {
      hostname: '', domainname: '', user: '', attachStdin: false, attachStdout: true, attachStderr: true, tty: false,
      openStdin: false, stdinOnce: false, env: [], entrypoint: null, cmd: ['true'], workingDir: '', labels: {}, volumes: [],
      exposedPorts: [], stopSignal: null, stopTimeoutSeconds: null, healthcheck: null, networkDisabled: false, onBuild: null,
      shell: null, argsEscaped: false, ...changes.process,
    },
    host: {
      binds: [], mounts: [], tmpfs: {}, volumesFrom: [], volumeDriver: '', containerIdFile: '', logDriver: 'json-file', logOptions: {},
      restartPolicy: { name: 'no', maximumRetryCount: 0 }, autoRemove: false, init: null, runtime: 'crun', annotations: {}, groupAdd: [],
      ipcMode: '', pidMode: '', utsMode: '', cgroupnsMode: '', cgroup: '', oomScoreAdj: 0, shmSizeBytes: 0, sysctls: {}, storageOpt: {},
      isolation: '', consoleSize: [0, 0], ...changes.host,
    },
    limits: {
      nanoCpus: 0, cpuShares: 0, cpuPeriodUs: 0, cpuQuotaUs: 0, cpuRealtimePeriodUs: 0, cpuRealtimeRuntimeUs: 0, cpusetCpus: '',
      cpusetMems: '', memoryBytes: 0, memorySwapBytes: 0, memoryReservationBytes: 0, kernelMemoryTcpBytes: 0, memorySwappiness: null,
      oomKillDisable: null, pidsLimit: null, blkioWeight: 0, blkioWeightDevice: [], blkioReadBps: [], blkioWriteBps: [], blkioReadIops: [],
      blkioWriteIops: [], devices: [], deviceCgroupRules: [], deviceRequests: [], ulimits: [], cgroupParent: '',
    },
    security: {
      privileged: false, readonlyRootfs: false, capAdd: [], capDrop: [], securityOpt: [], maskedPaths: null, readonlyPaths: null, usernsMode: '',
    },
    network: {
      mode: 'bridge', portBindings: {}, publishAllPorts: false, dns: [], dnsOptions: [], dnsSearch: [], extraHosts: [], links: [], endpoints: {},
    },
  };
}

export function containerOf(name: string, spec: ContainerSpec = specOf()): Container {
  return {
    id: Buffer.from(name).toString('hex').padEnd(64, 'f').slice(0, 64),
    name, spec,
    imageId: 'sha256:1',
    createdAt: new Date(),
    state: { status: 'created', exit: null },
    runtime: {
      path: 'true', args: [], platform: 'linux', restartCount: 0, stoppedByUser: false, mounts: [], endpoints: {}, ports: {}, sandboxId: '', sandboxPath: '',
    },
  };
}

/** A process that ends when the test says so, or by a signal that it does not ignore. */
export class FakeProcess implements LiveProcess {
  readonly pid = 42;
  readonly startedAt: Date = new Date();
  readonly signals: number[] = [];
  readonly written: Buffer[] = [];
  readonly output: PassThrough = new PassThrough();
  readonly ignored: readonly number[];
  stdinClosed = false;
  size: TerminalSize | undefined;
  readonly #exit = Promise.withResolvers<ProcessExit | undefined>();
  readonly exited: Promise<ProcessExit | undefined> = this.#exit.promise;
  readonly cleaned: Promise<void> = this.#exit.promise.then(() => {});

  constructor(ignored: readonly number[] = []) {
    this.ignored = ignored;
  }

  end(exitCode: number): void {
    this.output.end();
    this.#exit.resolve({ exitCode, oomKilled: false, finishedAt: new Date() });
  }

  /** Its shim was killed. */
  vanish(): void {
    this.output.end();
    this.#exit.resolve(undefined);
  }

  subscribe(): Readable {
    return this.output;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.written.push(Buffer.from(chunk));
  }

  closeStdin(): void {
    this.stdinClosed = true;
  }

  resize(size: TerminalSize): void {
    this.size = size;
  }

  signal(signal: number): void {
    this.signals.push(signal);
    if (!this.ignored.includes(signal)) this.end(128 + signal);
  }
}

/** Remembers what is held, so that a test sees what was left behind. */
export class FakeRoots implements RootFilesystems {
  readonly mounted: Set<string> = new Set<string>();
  readonly removed: string[] = [];
  /** Thrown by the next unmount. */
  unmountFailure: Error | undefined;

  async prepare(): Promise<void> {}

  async mount(id: string): Promise<string> {
    this.mounted.add(id);
    return `/roots/${id}`;
  }

  async unmount(id: string): Promise<void> {
    const failure = this.unmountFailure;
    this.unmountFailure = undefined;
    if (failure) throw failure;
    this.mounted.delete(id);
  }

  async remove(id: string): Promise<void> {
    this.removed.push(id);
  }
}

/** The use cases of containers over fakes; `launches` says what each start meets: a process, or a failure. */
export class Bench implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'onggi-containers-'));
  readonly #db = openDatabase(join(this.folder, 'onggi.db'));
  readonly records: ContainerRecords = new ContainerRecords(this.#db);
  readonly live: LiveContainers = new LiveContainers();
  readonly roots: FakeRoots = new FakeRoots();
  readonly hub: StdioHub = new StdioHub(silentLog);
  readonly joined: Set<string> = new Set<string>();
  readonly told: string[] = [];
  readonly launches: (FakeProcess | Error | Promise<FakeProcess>)[] = [];
  readonly launched: StartRequest[] = [];
  readonly reaped: string[] = [];
  readonly supervisor: ContainerSupervisor;
  readonly starter: ContainerStarter;
  readonly stopper: ContainerStopper;
  readonly remover: ContainerRemover;
  readonly events: Events = {
    publish: ({ type, action, actorId }) => void (type === 'container' ? this.told.push(`${this.records.find(actorId)?.name ?? 'gone'} ${action}`) : undefined),
    watch: (): AsyncIterable<EngineEvent> => {
      throw new Error('not needed here');
    },
  };

  constructor() {
    const { records, live, roots, hub, events } = this;
    const locks = new KeyedLock();
    const log = silentLog;
    this.supervisor = new ContainerSupervisor({
      records, live, locks, events, log,
      start: (id) => this.starter.restart(id),
      remove: (id) => this.remover.removeStopped(id),
      reap: async (id) => void this.reaped.push(id),
      clearState: async () => {},
    });
    this.starter = new ContainerStarter({
      records, live, locks, roots, hub, events, log,
      expectStart: () => {},
      join: async ({ id }) => this.#join(id),
      launch: (request) => this.#launch(request),
      onStarted: ({ id }, generation, process) => this.supervisor.watch(id, generation, process),
      removeFailed: (id) => this.remover.removeStopped(id),
      assertRunnable: () => {},
    });
    this.stopper = new ContainerStopper({
      records, live, locks, events, log,
      supervisor: this.supervisor,
      signalNumber: (text) => ({ SIGTERM: 15, SIGKILL: 9, SIGHUP: 1 })[text] ?? 15,
      unpause: async (id) => void records.apply(id, { type: 'unpaused' }),
    });
    const volumes = { inspect: () => undefined, remove: async () => {} } as never;
    this.remover = new ContainerRemover({
      records, locks, roots, volumes, hub, events, log,
      stopper: this.stopper, supervisor: this.supervisor,
      beforeRemoval: () => Promise.resolve(),
      folder: join(this.folder, 'containers'),
    });
  }

  add(name: string, spec: ContainerSpec = specOf()): Container {
    const container = containerOf(name, spec);
    this.records.insert(container);
    return container;
  }

  /** Resolves when the container's state is this one. */
  async until(id: string, status: Container['state']['status'] | 'gone'): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const check = (): void => {
      if ((this.records.find(id)?.state.status ?? 'gone') === status) reached.resolve();
    };
    using _watch = this.records.watch(check);
    check();
    await reached.promise;
  }

  [Symbol.dispose](): void {
    this.supervisor.stop();
    this.#db.close();
    rmSync(this.folder, { recursive: true });
  }

  #join(id: string): JoinedNetwork {
    this.joined.add(id);
    return {
      path: `/netns/${id}`, sandboxId: id, endpoints: {}, ports: {}, descriptors: [],
      releaseDescriptors: () => {},
      [Symbol.asyncDispose]: async () => void this.joined.delete(id),
    };
  }

  async #launch(request: StartRequest): Promise<LiveProcess> {
    this.launched.push(request);
    const next = (await this.launches.shift()) ?? new FakeProcess();
    if (next instanceof Error) throw next;
    return next;
  }
}
