import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { MAX_API_VERSION } from '#protocol/api-version.ts';

export interface RecordedRequest {
  readonly method: string;
  /** Without the API version. */
  readonly path: string;
  readonly version: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request; false leaves it to a plain 404. */
export type FakeHandler = (request: RecordedRequest, response: ServerResponse) => boolean | void | Promise<boolean | void>;
/** Takes over an upgraded connection. */
export type FakeHijack = (request: RecordedRequest, socket: Duplex, head: Buffer) => void;

/** An engine of cardboard: records what it is asked, answers what the test says. */
export class FakeEngine implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly socketPath: string;
  readonly #folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-fake-'));
  readonly #server;

  private constructor(handler: FakeHandler, hijack: FakeHijack | undefined) {
    this.socketPath = join(this.#folder.path, 'engine.sock');
    this.#server = createServer((message, response) => {
      void this.#answer(message, response, handler);
    });
    this.#server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      const request = described(message, '');
      this.requests.push(request);
      if (hijack === undefined) socket.destroy();
      else if (message.headers['content-length'] === undefined || message.headers['content-length'] === '0') hijack(request, socket, head);
      else hijack({ ...request, body: head.toString() }, socket, Buffer.alloc(0));
    });
  }

  static async start(handler: FakeHandler, hijack?: FakeHijack): Promise<FakeEngine> {
    const engine = new FakeEngine(handler, hijack);
    const { promise, resolve } = Promise.withResolvers<void>();
    engine.#server.listen(engine.socketPath, resolve);
    await promise;
    return engine;
  }

  get address(): string {
    return `unix://${this.socketPath}`;
  }

  /** The bodies of the requests to a path, parsed. */
  bodies(path: string): unknown[] {
    return this.requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body) as unknown);
  }

  async #answer(message: IncomingMessage, response: ServerResponse, handler: FakeHandler): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of message) pieces.push(piece as Buffer);
    const request = described(message, Buffer.concat(pieces).toString());
    this.requests.push(request);
    if (request.path === '/_ping') {
      response.setHeader('Api-Version', MAX_API_VERSION).setHeader('OSType', 'linux').end(request.method === 'HEAD' ? undefined : 'OK');
      return;
    }
    if ((await handler(request, response)) === false) sendJson(response, 404, { message: 'page not found' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await Promise.resolve(this.#folder.remove());
  }
}

/** Ends an answer with a JSON body. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function described(message: IncomingMessage, body: string): RecordedRequest {
  const url = new URL(message.url ?? '/', 'http://engine');
  const match = /^\/v(\d+\.\d+)(\/.*)$/.exec(url.pathname);
  return {
    method: message.method ?? '',
    path: decodeURIComponent(match?.[2] ?? url.pathname),
    version: match?.[1] ?? '',
    query: url.searchParams,
    headers: message.headers,
    body,
  };
}
