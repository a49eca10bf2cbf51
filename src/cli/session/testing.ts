import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FakeEngine, sendJson, type RecordedRequest } from '#client/testing.ts';
import { frame } from '#protocol/stdcopy.ts';

/** What a fake container does. */
export interface FakeContainer {
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  readonly exitCode?: number;
  /** What it says once it is started. */
  readonly stdout?: string;
  readonly stderr?: string;
  /** Says back what it is given, and ends when its input does. */
  readonly echoes?: boolean;
  /** Ends only when a kill arrives. */
  readonly waitsForSignal?: boolean;
  readonly createError?: { readonly status: number; readonly message: string };
  readonly startError?: { readonly status: number; readonly message: string };
}

/** An engine with one container, called `abc`, that can be attached to. */
export class FakeRunner implements AsyncDisposable {
  readonly engine: FakeEngine;

  private constructor(engine: FakeEngine) {
    this.engine = engine;
  }

  static async start(container: FakeContainer): Promise<FakeRunner> {
    const life = new ContainerLife(container);
    return new FakeRunner(await FakeEngine.start((request, response) => life.answer(request, response), (request, socket) => life.attach(request, socket)));
  }

  /** The calls in their order: `POST /containers/create`. */
  get calls(): string[] {
    return this.engine.requests.map(({ method, path }) => `${method} ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
  }
}

class ContainerLife {
  readonly #container: FakeContainer;
  readonly #ended = Promise.withResolvers<void>();
  #socket: Duplex | undefined;

  constructor(container: FakeContainer) {
    this.#container = container;
  }

  answer(request: RecordedRequest, response: ServerResponse): boolean {
    const { tty = false, openStdin = true, createError, startError } = this.#container;
    const call = `${request.method} ${request.path}`;
    if (call === 'POST /containers/create') sendJson(response, createError?.status ?? 201, createError ?? { Id: 'abc', Warnings: ['careful'] });
    else if (call === 'POST /containers/abc/start') this.#start(response, startError);
    else if (call === 'POST /containers/abc/wait') void this.#wait(response);
    else if (call === 'POST /containers/abc/kill') this.#kill(response);
    else if (request.path.endsWith('/resize')) response.end();
    else if (call === 'POST /containers/abc/exec') sendJson(response, 201, { Id: 'ex1' });
    else if (call === 'GET /exec/ex1/json') sendJson(response, 200, { Running: false, ExitCode: this.#container.exitCode ?? 0 });
    else if (call === 'GET /containers/abc/json') {
      sendJson(response, 200, { Id: 'abc', State: { Running: true }, Config: { Tty: tty, OpenStdin: openStdin }, HostConfig: { AutoRemove: false } });
    } else return false;
    return true;
  }

  attach(request: RecordedRequest, socket: Duplex): void {
    const { tty = false, echoes = false } = this.#container;
    this.#socket = socket;
    socket.on('error', () => {});
    socket.write(`HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.${tty ? 'raw' : 'multiplexed'}-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
    if (echoes) {
      socket.on('data', (data: Buffer) => this.#say('stdout', data));
      socket.on('end', () => this.#end());
    } else socket.resume();
    if (request.path.startsWith('/exec/')) this.#speak();
  }

  #start(response: ServerResponse, error: FakeContainer['startError']): void {
    if (error !== undefined) {
      sendJson(response, error.status, error);
      return this.#end();
    }
    response.writeHead(204).end();
    this.#speak();
  }

  #speak(): void {
    const { stdout = '', stderr = '', echoes = false, waitsForSignal = false } = this.#container;
    if (stdout !== '') this.#say('stdout', Buffer.from(stdout));
    if (stderr !== '') this.#say('stderr', Buffer.from(stderr));
    if (!echoes && !waitsForSignal) this.#end();
  }

  #say(source: 'stdout' | 'stderr', data: Buffer): void {
    this.#socket?.write(this.#container.tty === true ? data : frame(source, data));
  }

  #kill(response: ServerResponse): void {
    response.writeHead(204).end();
    this.#end();
  }

  async #wait(response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    await this.#ended.promise;
    response.end(JSON.stringify({ StatusCode: this.#container.exitCode ?? 0 }));
  }

  #end(): void {
    this.#socket?.end();
    this.#ended.resolve();
  }
}
