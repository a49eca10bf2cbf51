import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { connectControl } from './connect.ts';
import { FRAME, frame, readableOrEnded, readFrame, WANT } from './frames.ts';

/** What of the output is wanted; the default is both streams, each piece with its header. */
export interface OutputChoice {
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Bare bytes, as a client of a terminal gets them. */
  readonly raw?: boolean;
}

/** The one byte that tells a shim the choice. */
export function choiceByte({ stdout = true, stderr = true, raw = false }: OutputChoice): number {
  return (stdout ? WANT.stdout : 0) | (stderr ? WANT.stderr : 0) | (raw ? WANT.raw : 0);
}

/**
 * One subscription: a connection of its own, so that the shim does the fanning out and waits for this reader alone.
 * Ends with the process's output; destroying it ends the subscription. It also ends, without an error, when the shim goes.
 */
export class ShimOutput extends Readable {
  /** Resolves once the shim sends, or cannot. */
  readonly ready: Promise<void>;
  #socket: Socket | undefined;
  #reading = false;

  /** @param open gives a connection whose next byte is the first of the output; undefined where there is none left */
  constructor(open: () => Promise<Socket | undefined>) {
    super({ highWaterMark: 64 * 1024 });
    this.ready = this.#begin(open);
  }

  async #begin(open: () => Promise<Socket | undefined>): Promise<void> {
    const socket = await open().catch(() => undefined);
    if (this.destroyed) {
      socket?.destroy();
      return;
    }
    if (!socket) {
      this.push(null);
      return;
    }
    this.#socket = socket;
    if (this.#reading) void this.#pump(socket);
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    if (this.#socket) void this.#pump(this.#socket);
  }

  async #pump(socket: Socket): Promise<void> {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk) {
        if (this.push(chunk)) continue;
        break;
      }
      if (socket.readableEnded || socket.destroyed) {
        this.push(null);
        return;
      }
      await readableOrEnded(socket);
    }
    this.#reading = false;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket?.destroy();
    done(error);
  }
}

/** A connection that has subscribed: what the shim said before is taken out, the output follows. */
export async function subscribed(directory: string, choice: OutputChoice): Promise<Socket | undefined> {
  const socket = await connectControl(directory);
  socket.write(frame(FRAME.subscribe, Uint8Array.of(choiceByte(choice))));
  for (;;) {
    const next = await readFrame(socket);
    if (next?.type === FRAME.subscribed) return socket;
    if (!next) {
      socket.destroy();
      return undefined;
    }
  }
}
