import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const CONNECT_LIMIT_MS = 10_000;
const WRITE_LIMIT_MS = 30_000;
const KEEPALIVE_MS = 10_000;
/** What was written so shortly before the connection broke may not have been read any more: it is written again. */
const DOUBTFUL_MS = 2_000;
const DOUBTFUL_BYTES = 4 * 1024 * 1024;
const LONGEST_PAUSE_MS = 10_000;
const CLOSE_LIMIT_MS = 1_000;

interface Options {
  readonly open: () => Socket;
  /** The event that says that it can be written to. */
  readonly ready: 'connect' | 'secureConnect';
  /** The receiver confirms what it has read: nothing is doubtful then. */
  readonly acknowledged?: boolean;
  readonly onData?: (bytes: Buffer) => void;
}

interface Written {
  readonly bytes: Buffer;
  /** When it was given; it may have been written again since. */
  readonly givenMs: number;
  readonly atMs: number;
}

/**
 * A connection to a receiver that does not acknowledge. Made anew where it broke; what was written in the last two
 * seconds before that is written again, since nobody knows whether it was read.
 */
export class StreamConnection implements AsyncDisposable {
  readonly #options: Options;
  #socket: Socket | undefined;
  #recent: Written[] = [];
  #doubtful: Written[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #ending = false;
  readonly #closing = new AbortController();

  constructor(options: Options) {
    this.#options = options;
  }

  /** @throws the connection's error; what was given may then have arrived, or not */
  write(bytes: Buffer, cancel: AbortSignal): Promise<void> {
    const givenMs = performance.now();
    const turn = this.#turn.then(() => this.#write(bytes, givenMs, cancel));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Calls once when the connection of now ends; at once where there is none. */
  whenClosed(listener: () => void): void {
    if (this.#socket) this.#socket.once('close', listener);
    else listener();
  }

  /** Breaks the connection: the receiver did not answer as it should. */
  drop(): void {
    this.#socket?.destroy();
  }

  async #write(bytes: Buffer, givenMs: number, cancel: AbortSignal): Promise<void> {
    cancel.throwIfAborted();
    const socket = this.#socket ?? (await this.#connect(cancel));
    for (let again = this.#doubtful[0]; again; again = this.#doubtful[0]) {
      await send(socket, again.bytes, cancel);
      this.#doubtful.shift();
      this.#remember(again);
    }
    if (bytes.length === 0) return;
    await send(socket, bytes, cancel);
    this.#remember({ bytes, givenMs });
  }

  /** When the oldest bytes were given that may not have been read. */
  unsettledSinceMs(): number | undefined {
    this.#prune();
    return (this.#doubtful[0] ?? this.#recent[0])?.givenMs;
  }

  /** Closes the connection in order: a receiver that closes its end then has read all. False where it broke instead. */
  async settle(cancel: AbortSignal): Promise<boolean> {
    try {
      if (this.#doubtful.length > 0) await this.write(Buffer.alloc(0), cancel);
      const socket = this.#socket;
      if (!socket) return this.#doubtful.length === 0;
      const closed = new Promise<boolean>((resolve) => socket.once('close', (failed) => resolve(!failed)));
      this.#ending = true;
      socket.end();
      const clean = await Promise.race([closed, pause(CLOSE_LIMIT_MS, true, { ref: false })]);
      this.#ending = false;
      if (clean) this.#recent = [];
      this.#closed(socket);
      socket.destroy();
      return clean;
    } catch {
      return false;
    }
  }

  async #connect(cancel: AbortSignal): Promise<Socket> {
    const { open, ready, onData } = this.#options;
    const socket = open();
    const done = Promise.withResolvers<void>();
    const limit = AbortSignal.any([cancel, AbortSignal.timeout(CONNECT_LIMIT_MS)]);
    const aborted = (): void => done.reject(new Error('the receiver does not take connections'));
    limit.addEventListener('abort', aborted, { once: true });
    socket.once(ready, () => done.resolve());
    socket.on('error', (thrown) => done.reject(thrown));
    socket.on('data', (chunk: Buffer) => onData?.(chunk));
    try {
      await done.promise;
    } catch (thrown) {
      socket.destroy();
      throw thrown;
    } finally {
      limit.removeEventListener('abort', aborted);
    }
    socket.once('close', () => this.#closed(socket));
    if (socket.destroyed) throw new Error('the receiver closed the connection');
    socket.setKeepAlive(true, KEEPALIVE_MS);
    this.#socket = socket;
    return socket;
  }

  #remember({ bytes, givenMs }: Omit<Written, 'atMs'>): void {
    if (this.#options.acknowledged) return;
    this.#recent.push({ bytes, givenMs, atMs: performance.now() });
    this.#prune();
  }

  #prune(): void {
    const now = performance.now();
    let sum = this.#recent.reduce((total, one) => total + one.bytes.length, 0);
    for (let oldest = this.#recent[0]; oldest && (now - oldest.atMs > DOUBTFUL_MS || sum > DOUBTFUL_BYTES); oldest = this.#recent[0]) {
      sum -= oldest.bytes.length;
      this.#recent.shift();
    }
  }

  #closed(socket: Socket): void {
    if (this.#socket !== socket || this.#ending) return;
    this.#socket = undefined;
    this.#prune();
    this.#doubtful.push(...this.#recent);
    this.#recent = [];
    if (this.#doubtful.length > 0 && !this.#closing.signal.aborted) void this.#revive();
  }

  /** Nobody may write again for long: what is doubtful does not wait for that. */
  async #revive(): Promise<void> {
    for (let pauseMs = 200; this.#doubtful.length > 0 && !this.#closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await pause(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
      await this.write(Buffer.alloc(0), this.#closing.signal).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.settle(AbortSignal.timeout(CLOSE_LIMIT_MS));
    this.#socket?.destroy();
  }
}

async function send(socket: Socket, bytes: Buffer, cancel: AbortSignal): Promise<void> {
  const done = Promise.withResolvers<void>();
  const limit = AbortSignal.any([cancel, AbortSignal.timeout(WRITE_LIMIT_MS)]);
  const aborted = (): void => {
    socket.destroy();
    done.reject(new Error('the receiver does not read'));
  };
  limit.addEventListener('abort', aborted, { once: true });
  socket.write(bytes, (failure) => (failure ? done.reject(failure) : done.resolve()));
  try {
    await done.promise;
  } finally {
    limit.removeEventListener('abort', aborted);
  }
}
