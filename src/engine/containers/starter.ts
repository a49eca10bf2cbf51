import { EngineError, messageOf } from '#base/errors.ts';
import type { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Container, RuntimeFacts } from './container.ts';
import { publishContainer, publishNetwork, publishVolumes } from './container-events.ts';
import type { RootFilesystems } from './creator.ts';
import { exitCodeOfFailure } from './exec-service.ts';
import type { LiveContainers, LiveProcess } from './live-process.ts';
import type { ContainerRecords } from './records.ts';
import { type ContainerState, exitOf } from './state.ts';
import type { StdioHub } from './stdio-hub.ts';

const SIGKILL = 9;

/** A container's place in its networks while it runs; disposing it leaves them. */
export interface JoinedNetwork extends AsyncDisposable {
  /** The network namespace; null is the host's. */
  readonly path: string | null;
  readonly sandboxId: string;
  readonly endpoints: RuntimeFacts['endpoints'];
  readonly ports: RuntimeFacts['ports'];
  /** Bound sockets that reserve the published ports; the shim keeps them open. Closed here once it has them. */
  readonly descriptors: readonly number[];
  releaseDescriptors(): void;
}

/** All that is ready before a container's process starts. */
export interface StartRequest {
  readonly container: Container;
  readonly generation: number;
  readonly rootfs: string;
  readonly network: JoinedNetwork;
  /** A client waits for the first byte of output. */
  readonly attached: boolean;
}

interface Parts {
  readonly records: ContainerRecords;
  readonly live: LiveContainers;
  readonly locks: KeyedLock;
  readonly roots: RootFilesystems;
  readonly join: (container: Container, cancel: AbortSignal) => Promise<JoinedNetwork>;
  /** Writes the bundle (mounts, files, limits, security) and starts the shim with it. */
  readonly launch: (request: StartRequest, cancel: AbortSignal) => Promise<LiveProcess>;
  readonly hub: StdioHub;
  readonly events: Events;
  /** Called as early as a start can be foreseen: what makes the kernel wait is begun then. */
  readonly expectStart: () => void;
  /** Told of each start, once the container is stored as running. */
  readonly onStarted: (container: Container, generation: number, process: LiveProcess) => void;
  /** Removes what was started with `--rm` and did not start. */
  readonly removeFailed: (id: string) => Promise<void>;
  /** Throws where this host cannot run the container's image. */
  readonly assertRunnable: (container: Container) => void;
  readonly log: Log;
}

/** Who wants the start: it says whether the container is one to be started, and what is written down with it. */
interface Occasion {
  /** Asked once the container's turn has come; may throw for the user. */
  readonly wants: (container: Container) => boolean;
  readonly facts: Partial<RuntimeFacts>;
}

const BY_USER: Occasion = {
  wants: (container) => {
    assertStartable(container);
    return true;
  },
  facts: { restartCount: 0, stoppedByUser: false },
};
// whoever was stopped or removed meanwhile stays down
const BY_POLICY: Occasion = { wants: ({ state }) => state.status === 'restarting', facts: {} };
const BY_ENGINE: Occasion = { wants: ({ state }) => state.status === 'exited', facts: {} };

/** Starts containers and holds what each one needs while it runs. */
export class ContainerStarter {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A user's start: restarts are counted from the beginning again. */
  async start(ref: string, cancel: AbortSignal): Promise<void> {
    await this.#startLocked(this.#parts.records.get(ref).id, BY_USER, cancel);
  }

  /** The restart policy's start of one that waits for it. */
  async restart(id: string): Promise<void> {
    await this.#startLocked(id, BY_POLICY, new AbortController().signal);
  }

  /** The start of one that was down while the engine was. */
  async comeBack(id: string): Promise<void> {
    await this.#startLocked(id, BY_ENGINE, new AbortController().signal);
  }

  async #startLocked(id: string, { wants, facts }: Occasion, cancel: AbortSignal): Promise<void> {
    const { records, locks, hub, removeFailed } = this.#parts;
    const turn = await locks.hold(id, cancel);
    let failed: Container | undefined;
    try {
      const container = records.get(id);
      if (!wants(container)) return;
      try {
        await this.#run(container, facts, cancel);
      } catch (thrown) {
        failed = this.#storeFailure(container, thrown);
        hub.ended(id);
        throw thrown;
      }
    } finally {
      turn[Symbol.dispose]();
      if (failed?.spec.host.autoRemove) await this.#quietly(id, () => removeFailed(id));
    }
  }

  async #run(container: Container, facts: Partial<RuntimeFacts>, cancel: AbortSignal): Promise<void> {
    const { live, roots, join, launch, hub, events, expectStart, onStarted, assertRunnable } = this.#parts;
    const { id } = container;
    const generation = generationOf(container.state) + 1;
    assertRunnable(container);
    expectStart();

    await using undo = new AsyncDisposableStack();
    const rootfs = await roots.mount(id);
    undo.defer(() => this.#quietly(id, () => roots.unmount(id)));
    const network = await join(container, cancel);
    undo.defer(() => this.#quietly(id, async () => network[Symbol.asyncDispose]()));
    const process = await launch({ container, generation, rootfs, network, attached: hub.hasWaiting(id) }, cancel);
    hub.started(id, process);
    network.releaseDescriptors();

    const started = await this.#storeStart(id, { process, generation, network, facts });
    live.add(id, { process, generation, resources: undo.move() });
    publishVolumes(events, started, 'mount');
    for (const [name, { networkId }] of Object.entries(network.endpoints)) {
      publishNetwork(events, 'connect', { containerId: id, networkId, name });
    }
    publishContainer(events, started, 'start');
    onStarted(started, generation, process);
  }

  /** What cannot be written down (a full disk) does not run on unseen. */
  async #storeStart(
    id: string,
    { process, generation, network, facts }: { process: LiveProcess; generation: number; network: JoinedNetwork; facts: Partial<RuntimeFacts> },
  ): Promise<Container> {
    const { endpoints, ports, sandboxId, path } = network;
    try {
      return this.#parts.records.apply(
        id,
        { type: 'started', process: { pid: process.pid, generation, startedAt: process.startedAt } },
        { ...facts, endpoints, ports, sandboxId, sandboxPath: path ?? '' },
      );
    } catch (thrown) {
      process.signal(SIGKILL);
      await process.cleaned;
      throw thrown;
    }
  }

  /** The first failure is the one to be told, not one of clearing up behind it. */
  async #quietly(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#parts.log.error('what a container held could not be taken down', { id, error: messageOf(thrown) });
    }
  }

  #storeFailure(container: Container, thrown: unknown): Container {
    const { id } = container;
    const error = messageOf(thrown);
    try {
      return this.#parts.records.apply(id, { type: 'start-failed', exitCode: exitCodeOfFailure(error), error, at: new Date() });
    } catch (unwritten) {
      this.#parts.log.error('the failure of a start could not be stored', { id, error: unwritten });
      return container;
    }
  }
}

function assertStartable({ id, state }: Container): void {
  switch (state.status) {
    case 'running':
    case 'restarting': // Docker counts it as running
      throw new EngineError('not-modified', `container ${id} is already running`);
    case 'paused':
      throw new EngineError('conflict', 'cannot start a paused container, try unpause instead');
    case 'removing':
    case 'dead':
      throw new EngineError('conflict', 'container is marked for removal and cannot be started');
    case 'created':
    case 'exited':
      return;
    default:
      state satisfies never;
  }
}

/** How often it has been started so far. */
function generationOf(state: ContainerState): number {
  return state.status === 'restarting' || state.status === 'exited' ? state.generation : exitOf(state) ? 1 : 0;
}
