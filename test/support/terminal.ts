import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** A program under a pseudo terminal, as a person would use it. */
export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly exited: Promise<number>;
  #seen = '';
  #from = 0;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(command: readonly string[], size: { rows: number; columns: number } = { rows: 24, columns: 80 }) {
    const script = join(import.meta.dirname, 'terminal.py');
    this.#child = spawn('python3', [script, String(size.rows), String(size.columns), ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#seen += chunk.toString();
      this.#wake?.();
    });
    this.#child.stdin?.on('error', () => {});
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.#closed = true;
        this.#wake?.();
        resolve(code ?? -1);
      });
    });
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  resize(rows: number, columns: number): void {
    this.#child.stdin?.write(`\0resize ${rows} ${columns}\n`);
  }

  /** Waits until what came since the last call fits; answers the match. */
  async until(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const timeout = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    try {
      for (;;) {
        const found = pattern.exec(this.#seen.slice(this.#from));
        if (found) {
          this.#from += found.index + found[0].length;
          return found;
        }
        if (this.#closed) throw new Error(`the program ended before ${pattern} came; it said:\n${this.#seen}`);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timeout);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}
