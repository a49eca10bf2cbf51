import type { Socket } from 'node:net';
import { connectControl } from './connect.ts';
import { FRAME, frame, header } from './frames.ts';

/**
 * The way to the process's stdin: a connection of its own, because the shim stops reading it while the process does
 * not read. Writes come in order; once the process has ended they are taken and forgotten.
 */
export class ShimInput {
  readonly #directory: string;
  #socket: Socket | undefined;
  #gone = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Resolves when the system has taken the bytes, which waits for a process that is slow to read. */
  write(chunk: Uint8Array, after: Promise<unknown>): Promise<void> {
    if (chunk.length === 0) return this.#tail;
    return this.#send([header(FRAME.stdin, chunk.length), chunk], after);
  }

  close(after: Promise<unknown>): Promise<void> {
    return this.#send([frame(FRAME.closeStdin)], after);
  }

  #send(parts: readonly Uint8Array[], after: Promise<unknown>): Promise<void> {
    const sent = this.#tail.then(async () => {
      await after;
      const socket = await this.#connection();
      if (!socket) return;
      socket.cork();
      for (const part of parts.slice(0, -1)) socket.write(part);
      const flushed = new Promise<void>((resolve) => {
        socket.write(parts.at(-1) ?? '', () => resolve()); // also called, with an error, when the shim goes
      });
      socket.uncork();
      await flushed;
    });
    this.#tail = sent;
    return sent;
  }

  async #connection(): Promise<Socket | undefined> {
    if (this.#gone) return undefined;
    if (this.#socket) return this.#socket;
    try {
      const socket = await connectControl(this.#directory);
      socket.resume(); // what the shim tells is heard on the first connection
      socket.once('close', () => this.dispose());
      this.#socket = socket;
      return socket;
    } catch {
      this.#gone = true; // the process has ended and its shim with it
      return undefined;
    }
  }

  dispose(): void {
    this.#gone = true;
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}
