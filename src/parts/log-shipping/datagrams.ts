import { type Socket, createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { UnixDatagramSocket } from '#parts/host/unix-datagram.ts';

/** Sends datagrams, one after the other. */
export interface DatagramSender extends Disposable {
  /** @throws where the receiver is known to be away; the datagrams before may have arrived */
  send(datagrams: readonly Uint8Array[], cancel: AbortSignal): Promise<void>;
}

/** A receiver has room for 208 KiB that it has not read yet (net.core.rmem_default), the kernel's own bytes for each datagram counted. */
const BURST_BYTES = 64 * 1024;
const OVERHEAD_BYTES = 2048;
const FULL_PAUSE_MS = 10;

/** Over UDP. A port that nobody listens on is noticed where the receiver's host says so. */
export class UdpSender implements DatagramSender {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #failure: Error | undefined;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async send(datagrams: readonly Uint8Array[], cancel: AbortSignal): Promise<void> {
    const socket = (this.#socket ??= await this.#connect());
    this.#failure = undefined;
    let burst = 0;
    for (const datagram of datagrams) {
      cancel.throwIfAborted();
      await new Promise<void>((resolve, reject) => socket.send(datagram, (failure) => (failure ? reject(failure) : resolve())));
      burst += datagram.length + OVERHEAD_BYTES;
      if (burst < BURST_BYTES) continue;
      burst = 0;
      await pause(1);
    }
    await pause(1); // the word that nobody listens comes behind
    this.#throwFailure();
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure) throw failure;
  }

  async #connect(): Promise<Socket> {
    const { address, family } = await lookup(this.#host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4').unref();
    socket.on('error', (thrown) => (this.#failure = thrown));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(this.#port, address, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    return socket;
  }

  [Symbol.dispose](): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** Over a unix datagram socket. */
export class UnixDatagramSender implements DatagramSender {
  readonly #path: string;
  #socket: UnixDatagramSocket | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async send(datagrams: readonly Uint8Array[], cancel: AbortSignal): Promise<void> {
    for (const datagram of datagrams) {
      cancel.throwIfAborted();
      while (!this.#try(datagram)) await pause(FULL_PAUSE_MS, undefined, { signal: cancel });
    }
  }

  /** A receiver that began anew has a new socket at the same path. */
  #try(datagram: Uint8Array): boolean {
    try {
      this.#socket ??= new UnixDatagramSocket(this.#path);
      return this.#socket.send(datagram);
    } catch (thrown) {
      this[Symbol.dispose]();
      throw thrown;
    }
  }

  [Symbol.dispose](): void {
    this.#socket?.[Symbol.dispose]();
    this.#socket = undefined;
  }
}
