import { readFrames } from '#protocol/stdcopy.ts';
import type { HijackedStream } from '#client/engine-connection.ts';
import type { Console, OutputEnd } from '../console.ts';
import { EscapeWatch, parseDetachKeys } from './escape-keys.ts';

export interface SessionOptions {
  /** The other side has a terminal: its output is one raw stream. */
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Empty for the default. */
  readonly detachKeys: string;
}

/**
 * Joins this console to a stream of the engine until its output ends or the detach keys are typed. A terminal is raw
 * while that lasts, and as it was before when this returns or throws.
 *
 * @param stop ends the session early: the start that it waits for has failed
 */
export async function runSession(console: Console, stream: HijackedStream, options: SessionOptions, stop?: AbortSignal): Promise<'ended' | 'detached'> {
  const keys = parseDetachKeys(options.detachKeys);
  const restore = options.tty && options.stdin && console.stdin.isTerminal ? console.stdin.raw() : undefined;
  try {
    const output = showOutput(console, stream, options);
    const detached = options.stdin ? sendInput(console, stream, options.tty ? keys : []) : withoutInput(stream);
    const outcome = await Promise.race([output, ...(stop === undefined ? [] : [aborted(stop)]), detached.then((gone) => (gone ? 'detached' : output))]);
    return outcome === 'detached' ? 'detached' : 'ended';
  } finally {
    restore?.();
    stream[Symbol.dispose]();
  }
}

/** Resolves to true once the detach keys have been typed, to false when the input has ended. */
async function sendInput(console: Console, stream: HijackedStream, keys: readonly number[]): Promise<boolean> {
  const watch = keys.length === 0 ? undefined : new EscapeWatch(keys);
  try {
    for await (const typed of console.stdin.open() as AsyncIterable<Uint8Array>) {
      const { send, detached } = watch?.take(typed) ?? { send: typed, detached: false };
      if (send.length > 0) await stream.write(send);
      if (detached) return true;
    }
  } catch {
    // An input that cannot be read has ended: a job in the background has no terminal.
  }
  stream.closeInput();
  return false;
}

function withoutInput(stream: HijackedStream): Promise<boolean> {
  stream.closeInput();
  return Promise.resolve(false);
}

async function showOutput(console: Console, stream: HijackedStream, options: SessionOptions): Promise<'ended'> {
  await copyOutput(console, stream.output, { ...options, tty: stream.multiplexed === undefined ? options.tty : !stream.multiplexed });
  return 'ended';
}

/** Writes a stream of the engine to the console, taken apart unless it is a terminal's. Used by `logs` too. */
export async function copyOutput(console: Console, output: AsyncIterable<Buffer>, options: Pick<SessionOptions, 'tty' | 'stdout' | 'stderr'>): Promise<void> {
  if (options.tty) {
    for await (const data of output) await put(console.stdout, data);
    return;
  }
  for await (const { source, payload } of readFrames(output)) {
    if (source === 'system') throw new Error(`error from daemon in stream: ${payload.toString()}`);
    const end = source === 'stderr' ? console.stderr : console.stdout;
    if (source === 'stderr' ? options.stderr : options.stdout) await put(end, payload);
  }
}

async function put(end: OutputEnd, data: Uint8Array): Promise<void> {
  end.write(data);
  if (end.stream.writableNeedDrain) await end.flushed();
}

function aborted(stop: AbortSignal): Promise<'ended'> {
  const { promise, resolve } = Promise.withResolvers<'ended'>();
  if (stop.aborted) resolve('ended');
  stop.addEventListener('abort', () => resolve('ended'), { once: true });
  return promise;
}
