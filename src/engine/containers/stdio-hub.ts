import { PassThrough, type Readable, Writable } from 'node:stream';
import { messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { AttachOptions, AttachSession } from './containers.ts';
import { DEFAULT_DETACH_KEYS, DetachScanner, parseDetachKeys } from './detach-keys.ts';
import { FrameFilter } from './frame-filter.ts';
import type { LiveProcess } from './live-process.ts';

/** One process's stdio settings, as a client's session needs them. */
export interface StdioSettings {
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
}

type Source = Promise<{ readonly process: LiveProcess; readonly output: Readable | undefined } | undefined>;

interface Waiting {
  readonly resolve: (process: LiveProcess | undefined, output: Readable | undefined) => void;
  readonly wantsOutput: boolean;
}

/**
 * Brings clients and processes together: who attaches before the start waits here, so that the first byte of output
 * finds them.
 */
export class StdioHub {
  readonly #log: Log;
  readonly #waiting = new Map<string, Set<Waiting>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** True when a start must hand over the output from its first byte. */
  hasWaiting(id: string): boolean {
    return [...(this.#waiting.get(id) ?? [])].some(({ wantsOutput }) => wantsOutput);
  }

  /** Who waits for the next start. Leave by aborting `left`. */
  join(id: string, wantsOutput: boolean, left: AbortSignal): Source {
    const { promise, resolve } = Promise.withResolvers<Awaited<Source>>();
    const waiting: Waiting = { resolve: (process, output) => resolve(process ? { process, output } : undefined), wantsOutput };
    const here = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, here.add(waiting));
    left.addEventListener('abort', () => {
      here.delete(waiting);
      resolve(undefined);
    }, { once: true });
    return promise;
  }

  /** Call in the same turn in which a launch has returned: the process's first output goes to those who waited. */
  started(id: string, process: LiveProcess): void {
    const waiting = [...(this.#waiting.get(id) ?? [])];
    this.#waiting.delete(id);
    const readers = waiting.filter(({ wantsOutput }) => wantsOutput);
    const outputs = readers.length > 0 ? fanOut(process.subscribe(), readers.length) : [];
    for (const one of waiting) one.resolve(process, one.wantsOutput ? outputs.shift() : undefined);
  }

  /** The start failed or the container is gone: nobody waits any longer. */
  ended(id: string): void {
    const waiting = [...(this.#waiting.get(id) ?? [])];
    this.#waiting.delete(id);
    for (const one of waiting) one.resolve(undefined, undefined);
  }

  /** A client's session over a process that runs (`process` given) or is to start. */
  session(request: {
    readonly id: string;
    readonly process: LiveProcess | undefined;
    readonly settings: StdioSettings;
    readonly options: AttachOptions;
    readonly onDetach: () => void;
  }): AttachSession {
    const { id, process, settings, options, onDetach } = request;
    const left = new AbortController();
    const wantsOutput = options.stdout || options.stderr;
    const source: Source = process
      ? Promise.resolve({ process, output: wantsOutput ? process.subscribe() : undefined })
      : this.join(id, wantsOutput, left.signal);
    const output = new PassThrough();
    void source
      .then((found) => this.#pour(found, output, settings, options))
      .catch((thrown: unknown) => output.destroy(thrown as Error));
    const detach = (): void => {
      left.abort();
      output.end();
      onDetach();
    };
    const input = clientInput({ source, settings, options, detach });
    return {
      tty: settings.tty,
      output,
      input,
      [Symbol.asyncDispose]: async () => {
        left.abort();
        input.destroy();
        output.destroy();
        if (options.stdin && settings.stdinOnce) (await source)?.process.closeStdin();
      },
    };
  }

  async #pour(found: Awaited<Source>, output: PassThrough, settings: StdioSettings, options: AttachOptions): Promise<void> {
    if (!found) {
      output.end();
      return;
    }
    if (!found.output) {
      // a client that only writes is held until the process has ended
      await found.process.exited;
      output.end();
      return;
    }
    const from = found.output;
    const whole = !settings.tty && options.stdout && options.stderr;
    const shaped = whole ? from : from.pipe(new FrameFilter({ raw: settings.tty, stdout: options.stdout, stderr: options.stderr }));
    from.on('error', (error) => {
      this.#log.warn('the output of a process broke off', { error: messageOf(error) });
      output.end();
    });
    output.on('close', () => from.destroy());
    shaped.pipe(output);
  }
}

function fanOut(from: Readable, count: number): Readable[] {
  if (count === 1) return [from];
  const copies = Array.from({ length: count }, () => new PassThrough());
  for (const copy of copies) from.pipe(copy);
  return copies;
}

function clientInput(parts: { source: Source; settings: StdioSettings; options: AttachOptions; detach: () => void }): Writable {
  const { source, settings, options, detach } = parts;
  const takes = options.stdin && settings.openStdin;
  const scanner = new DetachScanner(settings.tty ? parseDetachKeys(options.detachKeys ?? DEFAULT_DETACH_KEYS) : parseDetachKeys(options.detachKeys ?? ''));
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!takes) return done();
      const { pass, detached } = scanner.push(chunk);
      const written = pass.length > 0 ? source.then((found) => found?.process.write(pass)) : Promise.resolve();
      written
        .then(() => {
          if (detached) detach();
          done();
        })
        .catch(() => done()); // the process no longer reads: what a client still sends goes nowhere
    },
    final(done) {
      // Docker: the end of the client's input is the process's, except on a terminal
      if (takes && settings.stdinOnce && !settings.tty) void source.then((found) => found?.process.closeStdin());
      done();
    },
  });
}

