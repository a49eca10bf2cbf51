import { type ChildProcess, spawn } from 'node:child_process';
import { type Socket as UdpSocket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';
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

const PRINT_DATAGRAMS = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True: print(s.recv(1 << 20).hex(), flush=True)
`;

/** Listens for datagrams at a path; Node cannot, Python can. */
export class UnixDatagramReceiver implements TestReceiver {
  readonly lines: string[] = [];
  readonly #parse: Parse;
  readonly #path: string;
  #child: ChildProcess | undefined;

  constructor(parse: Parse, path: string) {
    this.#parse = parse;
    this.#path = path;
  }

  static async listen(parse: Parse, path: string): Promise<UnixDatagramReceiver> {
    const receiver = new UnixDatagramReceiver(parse, path);
    await receiver.comeBack();
    return receiver;
  }

  async comeBack(): Promise<void> {
    const child = spawn('python3', ['-c', PRINT_DATAGRAMS, this.#path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const printed = createInterface(child.stdout);
    await once(printed, 'line');
    printed.on('line', (hex: string) => this.#parse(Buffer.from(hex, 'hex'), this.lines, () => {}));
    this.#child = child;
  }

  async goAway(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await rm(this.#path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }
}
