import { type Socket as UdpSocket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { type TlsOptions, createServer as createTlsServer } from 'node:tls';
import type { TestReceiver } from './shipper.contract.ts';

/** Takes what one connection or datagram brought so far; answers what is left of it. */
export type Parse = (bytes: Buffer, lines: string[], reply: (bytes: Buffer) => void) => Buffer;

/** Listens on a port of loopback, or at a path; begins again at the same one. */
export class StreamReceiver implements TestReceiver {
  readonly lines: string[] = [];
  readonly #parse: Parse;
  readonly #tls: TlsOptions | undefined;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #at: number | string;

  constructor(parse: Parse, { path, tls }: { path?: string; tls?: TlsOptions } = {}) {
    this.#parse = parse;
    this.#tls = tls;
    this.#at = path ?? 0;
  }

  static async listen(parse: Parse, options: { path?: string; tls?: TlsOptions } = {}): Promise<StreamReceiver> {
    const receiver = new StreamReceiver(parse, options);
    await receiver.comeBack();
    return receiver;
  }

  get port(): number {
    return Number(this.#at);
  }

  async comeBack(): Promise<void> {
    const take = (socket: Socket): void => this.#take(socket);
    const server = this.#tls ? createTlsServer(this.#tls, take) : createServer(take);
    if (typeof this.#at === 'number') server.listen(this.#at, '127.0.0.1');
    else server.listen(this.#at);
    await once(server, 'listening');
    if (typeof this.#at === 'number') this.#at = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => (rest = this.#parse(Buffer.concat([rest, chunk]), this.lines, (bytes) => socket.write(bytes))));
  }

  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (typeof this.#at === 'string') await rm(this.#at, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }
}

/** Listens for datagrams on a port of loopback. */
export class UdpReceiver implements TestReceiver {
  readonly lines: string[] = [];
  readonly #parse: Parse;
  #socket: UdpSocket | undefined;
  port = 0;

  constructor(parse: Parse) {
    this.#parse = parse;
  }

  static async listen(parse: Parse): Promise<UdpReceiver> {
    const receiver = new UdpReceiver(parse);
    await receiver.comeBack();
    return receiver;
  }

  async comeBack(): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('message', (bytes) => this.#parse(bytes, this.lines, () => {}));
    socket.bind(this.port, '127.0.0.1');
    await once(socket, 'listening');
    this.port = socket.address().port;
    this.#socket = socket;
  }

  async goAway(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }
}
