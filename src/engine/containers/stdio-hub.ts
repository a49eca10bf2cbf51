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

/** What a session is joined with: a process, and its output where that is wanted. undefined: there will be none. */
type Found = { readonly process: LiveProcess; readonly output: Readable | undefined } | undefined;
type Source = Promise<Found>;

interface Waiting {
  readonly resolve: (found: Found) => void;
  readonly wantsOutput: boolean;
}

interface Client {
  readonly settings: StdioSettings;
  readonly options: AttachOptions;
  /** Fires when the client has detached or gone. */
  readonly left: AbortSignal;
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

  /** Call in the same turn in which a launch has returned: the process's first output goes to those who waited. */
  started(id: string, process: LiveProcess): void {
    const waiting = this.#takeWaiting(id);
    const readers = waiting.filter(({ wantsOutput }) => wantsOutput);
    const outputs = readers.length > 0 ? fanOut(process.subscribe(), readers.length) : [];
    for (const one of waiting) one.resolve({ process, output: one.wantsOutput ? outputs.shift() : undefined });
  }

  /** The start failed or the container is gone: nobody waits any longer. */
  ended(id: string): void {
    for (const one of this.#takeWaiting(id)) one.resolve(undefined);
  }

  /** A client's session over a process that runs (`process` given) or is to start. Without `stream` it is over at once. */
  session(request: {
    readonly id: string;
    readonly process: LiveProcess | undefined;
    readonly settings: StdioSettings;
    readonly options: AttachOptions;
    readonly onDetach: () => void;
  }): AttachSession {
    const { settings, options, onDetach } = request;
    const left = new AbortController();
    const source = this.#source(request, left.signal);
    const output = new PassThrough();
    output.on('error', () => {}); // a client that has left is no reason to end the engine
    void source
      .then((found) => this.#pour(found, output, { settings, options, left: left.signal }))
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

  #source({ id, process, options }: { id: string; process: LiveProcess | undefined; options: AttachOptions }, left: AbortSignal): Source {
    const wantsOutput = options.stdout || options.stderr;
    if (!options.stream || !(wantsOutput || options.stdin)) return Promise.resolve(undefined);
    if (!process) return this.#nextStart(id, wantsOutput, left);
    return Promise.resolve({ process, output: wantsOutput ? process.subscribe() : undefined });
  }

  #nextStart(id: string, wantsOutput: boolean, left: AbortSignal): Source {
    const { promise, resolve } = Promise.withResolvers<Found>();
    const waiting: Waiting = { resolve, wantsOutput };
    this.#waiting.set(id, (this.#waiting.get(id) ?? new Set()).add(waiting));
    left.addEventListener('abort', () => {
      const here = this.#waiting.get(id);
      here?.delete(waiting);
      if (here?.size === 0) this.#waiting.delete(id);
      resolve(undefined);
    }, { once: true });
    return promise;
  }

  #takeWaiting(id: string): readonly Waiting[] {
    const waiting = [...(this.#waiting.get(id) ?? [])];
    this.#waiting.delete(id);
    return waiting;
  }

  async #pour(found: Found, output: PassThrough, client: Client): Promise<void> {
    const from = found?.output;
    if (client.left.aborted) from?.destroy(); // nobody reads it: the process must not wait for that
    else if (from) this.#connect(from, output, client);
    else {
      // a client that only writes is held until the process has ended
      await found?.process.exited;
      output.end();
    }
  }

  #connect(from: Readable, output: PassThrough, { settings, options, left }: Client): void {
    const whole = !settings.tty && options.stdout && options.stderr;
    const shaped = whole ? from : from.pipe(new FrameFilter({ raw: settings.tty, stdout: options.stdout, stderr: options.stderr }));
    from.on('error', (error) => {
      this.#log.warn('the output of a process broke off', { error: messageOf(error) });
      output.end();
    });
    // before the output is ended: nothing may come behind its end
    left.addEventListener('abort', () => {
      shaped.unpipe(output);
      from.destroy();
    }, { once: true });
    output.once('close', () => from.destroy());
    shaped.pipe(output);
  }
}

/** The same for each of several readers, as fast as the slowest of them. */
function fanOut(from: Readable, count: number): Readable[] {
  if (count === 1) return [from];
  const copies = Array.from({ length: count }, () => new PassThrough());
  let reading = count;
  for (const copy of copies) {
    from.pipe(copy);
    copy.once('close', () => {
      if (--reading === 0) from.destroy(); // what nobody reads would hold the process up
    });
  }
  from.once('error', (error) => copies.forEach((copy) => copy.destroy(error)));
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
