import type { Readable, Writable } from 'node:stream';

/** The three streams of the person (or script) in front of the command line, and what their ends are. */
export interface Console {
  readonly stdin: InputEnd;
  readonly stdout: OutputEnd;
  readonly stderr: OutputEnd;
  readonly env: NodeJS.ProcessEnv;
  /** Listens for signals to this process; the function returned stops it. */
  onSignal(signal: NodeJS.Signals, listener: () => void): () => void;
}

export interface InputEnd {
  readonly isTerminal: boolean;
  /** Opened on first use: touching it starts reading. */
  open(): Readable;
  /** Raw mode of the terminal; the function returned restores what was there. */
  raw(): () => void;
  /** Keeps a terminal from showing what is typed; the function returned lets it show again. */
  hideTyping(): () => void;
}

export interface OutputEnd {
  readonly isTerminal: boolean;
  /** Size in characters; undefined where this is no terminal. */
  size(): { readonly rows: number; readonly columns: number } | undefined;
  write(data: string | Uint8Array): void;
  /** Resolves when everything written has left the process. */
  flushed(): Promise<void>;
  onResize(listener: () => void): () => void;
  readonly stream: Writable;
}

/** Writes one line. */
export function printLine(end: OutputEnd, text: string): void {
  end.write(`${text}\n`);
}
