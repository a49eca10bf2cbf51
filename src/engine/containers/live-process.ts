import type { Readable } from 'node:stream';
import type { TerminalSize } from './containers.ts';

/** How a process ended, from the shim's record. */
export interface ProcessExit {
  /** 128 + signal for one that a signal ended. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly finishedAt: Date;
}

/** A running process behind its shim. */
export interface LiveProcess {
  readonly pid: number;
  readonly startedAt: Date;
  /** undefined when the shim went without leaving a record: someone killed it. */
  readonly exited: Promise<ProcessExit | undefined>;
  /** The shim is gone and the runtime has cleaned up: mounts and namespaces may be taken down. */
  readonly cleaned: Promise<void>;
  /** Frames of output (Docker's stdcopy) from now on; the first call after a launch with `attached` begins with the first byte. */
  subscribe(): Readable;
  /** Resolves when the shim has taken it. */
  write(chunk: Uint8Array): Promise<void>;
  closeStdin(): void;
  resize(size: TerminalSize): void;
  /** To all its processes at once where the kernel can, else to the first. */
  signal(signal: number): void;
}

/** What a running container holds. */
export interface LiveContainer {
  readonly process: LiveProcess;
  readonly generation: number;
  /** The root, the network, mounts: taken down after the end. */
  readonly resources: AsyncDisposableStack;
}

/** The containers that run, as this engine holds them. */
export class LiveContainers {
  readonly #byId = new Map<string, LiveContainer>();

  find(id: string): LiveContainer | undefined {
    return this.#byId.get(id);
  }

  ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  add(id: string, live: LiveContainer): void {
    this.#byId.set(id, live);
  }

  remove(id: string): LiveContainer | undefined {
    const live = this.#byId.get(id);
    this.#byId.delete(id);
    return live;
  }
}
