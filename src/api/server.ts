import { chownSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server, ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { codeOf, EngineError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { json, RAW_STREAM, type Answer } from './answer.ts';
import { COMMON_HEADERS } from './common-headers.ts';
import { destinationOf, type Destination } from './dispatch.ts';
import { detach, handOver, hangUp, refuse, type TakenConnection } from './hijack.ts';
import { IncomingRequest } from './request.ts';
import { respondStream, respondWhole, StreamBroken } from './respond.ts';
import type { Router } from './router.ts';
import { failureOf } from './status.ts';
import { upgradeBody } from './upgrade-body.ts';

/** Where to listen. A socket file that is left over is replaced; its mode holds from the first moment. */
export type ListenTarget =
  | { readonly path: string; readonly mode?: number; readonly gid?: number }
  | { readonly fd: number }
  | { readonly host: string; readonly port: number };

const HEADERS_TIMEOUT_MS = 20_000;
/** Go's clients keep idle connections for long; closing one as they use it again would fail their request. */
const IDLE_TIMEOUT_MS = 600_000;
const MAX_HEADER_BYTES = 1024 * 1024;
/** How long running requests may take to end when the server closes. */
const CLOSING_MS = 5_000;

/** Serves the routes on any number of listeners. */
export class ApiServer implements AsyncDisposable {
  readonly #router: Router;
  readonly #log: Log;
  readonly #servers: Server[] = [];
  readonly #closing = new AbortController();
  readonly #hijacked = new Set<Duplex>();

  constructor(router: Router, log: Log) {
    this.#router = router;
    this.#log = log;
  }

  /** Resolves when clients can connect. @throws the system's error, such as EADDRINUSE */
  async listen(target: ListenTarget): Promise<void> {
    const server = this.#newServer();
    const listening = Promise.withResolvers<void>();
    server.once('error', listening.reject);
    if ('path' in target) listenOnPath(server, target, listening.resolve);
    else server.listen(target, listening.resolve);
    await listening.promise;
    server.removeListener('error', listening.reject);
    server.on('error', (error) => this.#log.error('a listener failed', { error }));
    this.#servers.push(server);
  }

  /** Takes no more connections, ends streams, and waits a moment for requests that are under way. */
  async close(): Promise<void> {
    this.#closing.abort(new EngineError('unavailable', 'the engine is shutting down'));
    const closed = this.#servers.splice(0).map(async (server) => {
      const done = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
      await done;
      clearTimeout(timer);
    });
    for (const connection of this.#hijacked) connection.destroy();
    await Promise.all(closed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #newServer(): Server {
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      shouldUpgradeCallback: (request) => this.#hijacks(request),
    });
    server.maxHeadersCount = 1000;
    server.on('request', (request, response) => this.#serve(request, response).catch(this.#onBug));
    server.on('upgrade', (request, connection, head) => this.#serveUpgrade(request, connection, head).catch(this.#onBug));
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      this.#serve(request, response).catch(this.#onBug);
    });
    server.on('clientError', (error, connection) => endBroken(codeOf(error), connection));
    return server;
  }

  /** Nothing that goes wrong with one request may end the engine. */
  readonly #onBug = (error: unknown): void => this.#log.error('a request could not be answered', { error });

  #hijacks(request: IncomingMessage): boolean {
    const destination = destinationOf(this.#router, request.method ?? '', request.url ?? '/');
    return destination.type === 'route' && destination.found.route.hijacks === true;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const destination = destinationOf(this.#router, request.method ?? '', request.url ?? '/');
    if (destination.type === 'answer') {
      respondWhole(response, destination.answer, COMMON_HEADERS);
      return;
    }
    const incoming = this.#incoming(request, destination);
    response.once('close', () => response.writableFinished || incoming.clientGone());
    try {
      const answer = await destination.found.route.handle(incoming);
      await this.#answer(request, response, answer, incoming);
    } catch (thrown) {
      this.#fail(request, response, destination, thrown);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, answer: Answer, incoming: IncomingRequest): Promise<void> {
    if (answer.type === 'whole') return respondWhole(response, answer, COMMON_HEADERS);
    if (answer.type === 'stream') return await respondStream(response, answer, COMMON_HEADERS);
    const taken = detach(request);
    taken.connection.once('close', () => incoming.clientGone());
    return await this.#join(taken, answer);
  }

  async #serveUpgrade(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const destination = destinationOf(this.#router, request.method ?? '', request.url ?? '/');
    const taken = { connection, head, upgraded: true };
    if (destination.type === 'answer') return refuse(taken, destination.answer.status, COMMON_HEADERS, destination.answer.body);
    // Between here and the answer nobody else listens: a client that breaks off must not end the engine.
    connection.on('error', () => connection.destroy());
    this.#track(connection);
    try {
      const cut = await upgradeBody(request, connection, head);
      taken.head = cut.head;
      const incoming = this.#incoming(request, destination, cut.body);
      connection.once('close', () => incoming.clientGone());
      const answer = await destination.found.route.handle(incoming);
      if (answer.type === 'hijack') await this.#join(taken, answer);
      else if (answer.type === 'whole') refuse(taken, answer.status, wholeHeaders(answer.headers, answer.body), answer.body);
      else throw new Error('a route that hijacks gave a stream');
    } catch (thrown) {
      this.#note(request, thrown);
      this.#refuse(taken, destination, thrown);
    }
  }

  async #join(taken: TakenConnection, answer: Extract<Answer, { type: 'hijack' }>): Promise<void> {
    this.#track(taken.connection);
    try {
      await handOver(taken, answer);
    } catch (thrown) {
      // The headers are sent: a broken pipe or a client that went away ends the stream, and there is nobody to tell.
      this.#log.debug('a hijacked connection ended early', { error: String(thrown) });
    }
  }

  /** node:http forgets a connection that it has given away. */
  #track(connection: Duplex): void {
    this.#hijacked.add(connection);
    connection.once('close', () => this.#hijacked.delete(connection));
  }

  #incoming(request: IncomingMessage, destination: Extract<Destination, { type: 'route' }>, body: Readable = request): IncomingRequest {
    const { found, version, rawQuery } = destination;
    const { method = '', headers } = request;
    const closing = this.#closing.signal;
    this.#log.debug('handling request', { method, path: request.url });
    return new IncomingRequest({ method, params: found.params, rawQuery, headers, version, body, closing });
  }

  #fail(request: IncomingMessage, response: ServerResponse, destination: Extract<Destination, { type: 'route' }>, thrown: unknown): void {
    this.#note(request, thrown);
    if (response.headersSent || response.destroyed || response.socket === null) return;
    const { status, message } = failureOf(thrown);
    if (destination.found.route.plainFailures) return this.#refuse(detach(request), destination, thrown);
    respondWhole(response, status === 304 ? { type: 'whole', status, headers: {}, body: '' } : json({ message }, status), COMMON_HEADERS);
  }

  #refuse(taken: TakenConnection, { found }: Extract<Destination, { type: 'route' }>, thrown: unknown): void {
    const { status, message } = failureOf(thrown);
    this.#track(taken.connection);
    if (found.route.plainFailures) return refuse(taken, status, { 'Content-Type': RAW_STREAM }, `${message}\r\n`);
    const { headers, body } = json({ message }, status);
    refuse(taken, status, wholeHeaders(headers, body), body);
  }

  #note({ method, url }: IncomingMessage, thrown: unknown): void {
    const cause = thrown instanceof StreamBroken ? thrown.cause : thrown;
    const { status, message } = failureOf(cause);
    if (!(cause instanceof EngineError)) this.#log.error('a request failed', { method, url, error: cause });
    else if (status === 500) this.#log.error('a request failed', { method, url, status, error: message });
    else this.#log.debug('a request was refused', { method, url, status, error: message });
  }
}

function wholeHeaders(headers: OutgoingHttpHeaders, body: string): OutgoingHttpHeaders {
  return { ...COMMON_HEADERS, ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' };
}

/** Binds with the mode in place: nobody can connect in between who may not later. */
function listenOnPath(server: Server, target: Extract<ListenTarget, { path: string }>, done: () => void): void {
  const { path, mode = 0o660, gid } = target;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
  const before = process.umask(0o777 & ~mode);
  try {
    server.listen(path, () => {
      if (gid !== undefined) chownSync(path, 0, gid);
      done();
    });
  } finally {
    process.umask(before);
  }
}

function endBroken(code: string | undefined, connection: Duplex): void {
  if (code === 'ECONNRESET' || !connection.writable) {
    connection.destroy();
    return;
  }
  const reason = code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  hangUp(connection, `HTTP/1.1 ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${reason}`);
}
