import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { connectControl, quiet } from './connect.ts';
import { parseExitFrame, type ExitRecord } from './exit-record.ts';
import { FRAME, frame, readFrame } from './frames.ts';
import { RuntimeFailure } from './runtime-failure.ts';
import { ShimInput } from './shim-input.ts';
import { ShimOutput, subscribed, type OutputChoice } from './shim-output.ts';

/** So long the output from the first byte on waits for its reader; who launched it is there in the same turn. */
const UNCLAIMED_MS = 1000;

/** A process behind its shim. The process and its shim live on when this is disposed. */
export interface Shim extends Disposable {
  readonly pid: number;
  /** Clock ticks since the boot (field 22 of `/proc/PID/stat`): with the pid it names one process and no other. */
  readonly startTicks: bigint;
  readonly startedAt: Date;
  /** undefined when the shim went without a word: someone killed it, and the process may still run. */
  readonly exited: Promise<ExitRecord | undefined>;
  /** The shim has ended, and the runtime has cleaned up before: mounts and namespaces may be taken down. */
  readonly cleaned: Promise<void>;
  /** The output from now on; the first call after a launch with `attached` begins with the first byte, where it comes at once. */
  subscribe(choice?: OutputChoice): Readable;
  /** Resolves when the system has taken it. What a subscription made before answers to it is not missed. */
  write(chunk: Uint8Array): Promise<void>;
  /** After what was written before. A terminal's input has no end. */
  closeStdin(): void;
  resize(size: { readonly rows: number; readonly columns: number }): void;
  /** From the process's own parent, so it never meets another process that got the same pid. */
  signal(signal: number): void;
}

interface Started {
  readonly pid: number;
  readonly startTicks: bigint;
  readonly startedAt: Date;
}

interface Connection {
  readonly directory: string;
  readonly control: Socket;
  /** Subscribed before the process began; its first reader gets it. */
  readonly firstOutput: Socket | undefined;
}

/**
 * Waits until the shim says that its process has started.
 *
 * @throws {RuntimeFailure} when it could not be started
 */
export async function awaitStart(connection: Connection): Promise<Shim> {
  const first = await readFrame(connection.control);
  if (first?.type === FRAME.started) return new ConnectedShim(connection, parseStarted(first.payload));
  connection.firstOutput?.destroy();
  connection.control.resume();
  if (first?.type === FRAME.failed) {
    await closed(connection.control); // by then the shim has deleted what was half made
    throw new RuntimeFailure(first.payload.toString());
  }
  throw new RuntimeFailure('the shim ended before it could start the process');
}

/**
 * Finds the shim in that directory again, for an engine that was restarted.
 *
 * @throws the system's error, ENOENT or ECONNREFUSED, where no shim lives; then its exit record tells the rest
 * @throws {RuntimeFailure} when it is a shim that just fails to start its process
 */
export async function connectShim(directory: string): Promise<Shim> {
  const control = await connectControl(directory);
  return await awaitStart({ directory, control, firstOutput: undefined });
}

function parseStarted(payload: Buffer): Started {
  const [pid, ticks, at] = payload.toString('latin1').split(' ');
  return { pid: Number(pid), startTicks: BigInt(ticks ?? 0), startedAt: new Date(at ?? 0) };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

class ConnectedShim implements Shim {
  readonly pid: number;
  readonly startTicks: bigint;
  readonly startedAt: Date;
  readonly exited: Promise<ExitRecord | undefined>;
  readonly cleaned: Promise<void>;
  readonly #directory: string;
  readonly #control: Socket;
  readonly #input: ShimInput;
  readonly #outputs = new Set<ShimOutput>();
  #firstOutput: Socket | undefined;

  constructor({ directory, control, firstOutput }: Connection, started: Started) {
    this.pid = started.pid;
    this.startTicks = started.startTicks;
    this.startedAt = started.startedAt;
    this.#directory = directory;
    this.#control = quiet(control);
    this.#firstOutput = firstOutput && quiet(firstOutput);
    // Output that nobody takes would hold up the process.
    if (firstOutput) setTimeout(() => this.#letGoOfFirstOutput(), UNCLAIMED_MS).unref();
    this.#input = new ShimInput(directory);
    this.exited = this.#awaitExit();
    this.cleaned = this.exited.then(async () => {
      control.resume();
      await closed(control);
      this.#input.dispose();
    });
  }

  async #awaitExit(): Promise<ExitRecord | undefined> {
    for (;;) {
      const next = await readFrame(this.#control);
      if (!next) return undefined;
      if (next.type === FRAME.exited) return parseExitFrame(next.payload);
    }
  }

  #letGoOfFirstOutput(): void {
    this.#firstOutput?.destroy();
    this.#firstOutput = undefined;
  }

  subscribe(choice: OutputChoice = {}): Readable {
    const first = this.#firstOutput;
    this.#firstOutput = undefined;
    const output = new ShimOutput(() => (first ? Promise.resolve(first) : subscribed(this.#directory, choice)));
    this.#outputs.add(output);
    output.once('close', () => this.#outputs.delete(output));
    return output;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#input.write(chunk, this.#subscribers());
  }

  closeStdin(): void {
    void this.#input.close(this.#subscribers());
  }

  #subscribers(): Promise<unknown> {
    return Promise.all(Array.from(this.#outputs, (output) => output.ready));
  }

  resize({ rows, columns }: { readonly rows: number; readonly columns: number }): void {
    if (this.#control.writable) this.#control.write(frame(FRAME.resize, `${rows} ${columns}`));
  }

  signal(signal: number): void {
    if (this.#control.writable) this.#control.write(frame(FRAME.signal, String(signal)));
  }

  [Symbol.dispose](): void {
    this.#letGoOfFirstOutput();
    this.#input.dispose();
    this.#control.destroy();
    for (const output of this.#outputs) output.destroy();
  }
}
