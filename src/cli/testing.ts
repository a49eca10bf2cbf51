import { PassThrough, type Readable } from 'node:stream';
import type { Console, InputEnd, OutputEnd } from './console.ts';

/** A console of strings: what a command wrote can be read, what it reads can be given. */
export class FakeConsole implements Console {
  readonly input: PassThrough = new PassThrough();
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: InputEnd;
  readonly stdout: OutputEnd;
  readonly stderr: OutputEnd;
  /** True while the terminal is raw. */
  isRaw = false;
  readonly #pieces = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  readonly #resizes = new Set<() => void>();
  readonly #signals = new Map<NodeJS.Signals, Set<() => void>>();
  #size: { readonly rows: number; readonly columns: number } | undefined;

  constructor(options: { readonly env?: NodeJS.ProcessEnv; readonly terminal?: { readonly rows: number; readonly columns: number } } = {}) {
    this.env = options.env ?? {};
    this.#size = options.terminal;
    const isTerminal = options.terminal !== undefined;
    this.stdin = {
      isTerminal,
      open: (): Readable => this.input,
      raw: () => {
        this.isRaw = true;
        return () => void (this.isRaw = false);
      },
      hideTyping: () => () => {},
    };
    this.stdout = this.#end('stdout', isTerminal);
    this.stderr = this.#end('stderr', isTerminal);
  }

  get output(): string {
    return Buffer.concat(this.#pieces.stdout).toString();
  }

  get errors(): string {
    return Buffer.concat(this.#pieces.stderr).toString();
  }

  onSignal(signal: NodeJS.Signals, listener: () => void): () => void {
    const listeners = this.#signals.get(signal) ?? new Set();
    this.#signals.set(signal, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Lets a signal arrive. @returns how many listened */
  signal(signal: NodeJS.Signals): number {
    const listeners = this.#signals.get(signal) ?? new Set();
    for (const listener of listeners) listener();
    return listeners.size;
  }

  resize(rows: number, columns: number): void {
    this.#size = { rows, columns };
    for (const listener of this.#resizes) listener();
  }

  #end(name: 'stdout' | 'stderr', isTerminal: boolean): OutputEnd {
    return {
      isTerminal,
      stream: new PassThrough(),
      size: () => this.#size,
      write: (data) => void this.#pieces[name].push(Buffer.from(data as Uint8Array)),
      flushed: () => Promise.resolve(),
      onResize: (listener) => {
        this.#resizes.add(listener);
        return () => void this.#resizes.delete(listener);
      },
    };
  }
}
