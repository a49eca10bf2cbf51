import { connect, type Socket } from 'node:net';
import type { EngineAddress } from './address.ts';
import { chunkedBody, fixedBody, SocketSource } from './http-body.ts';

/*
 * HTTP/1.1 over one socket per request. node:http would do the same, and costs every command 30 ms of start-up
 * before its first byte; node:net costs 6.
 */

const HEAD_LIMIT_BYTES = 256 * 1024;

export type RequestBody = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface WireRequest {
  readonly method: string;
  /** Path and query, already escaped. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
}

export interface WireResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The decoded body; after an upgrade, everything the other side sends until it closes. */
  readonly body: AsyncIterable<Buffer>;
  readonly socket: Socket;
}

/** Connects; rejects with the system's error. Both directions of the socket end on their own (half-close). */
export async function openSocket(address: EngineAddress): Promise<Socket> {
  const socket = connect(
    address.kind === 'unix' ? { path: address.path, allowHalfOpen: true } : { host: address.host, port: address.port, allowHalfOpen: true },
  );
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  socket.once('connect', () => resolve(socket)).once('error', reject);
  await promise;
  socket.off('error', reject);
  // Every failure from here on reaches the reader of the answer; without a listener it would end the process.
  socket.on('error', () => {});
  return socket;
}

/** Sends one request and reads the head of its answer. The body stays on the socket until it is iterated. */
export async function exchange(socket: Socket, request: WireRequest): Promise<WireResponse> {
  const source = new SocketSource(socket);
  const sent = sendRequest(socket, request);
  // An engine may answer before it has read everything; what it says matters more than that the rest did not fit.
  sent.catch(() => {});
  const { status, headers } = parseHead(await source.head(HEAD_LIMIT_BYTES));
  return { status, headers, socket, body: bodyOf(request.method, status, headers, source) };
}

async function sendRequest(socket: Socket, request: WireRequest): Promise<void> {
  const { body } = request;
  const headers: Record<string, string> = { Host: 'onggi', ...request.headers };
  if (body === undefined) {
    if (request.method !== 'GET' && request.method !== 'HEAD') headers['Content-Length'] = '0';
  } else if (isWhole(body)) headers['Content-Length'] = String(Buffer.byteLength(body));
  else headers['Transfer-Encoding'] = 'chunked';

  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${request.method} ${request.target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  if (body === undefined) return;
  if (isWhole(body)) socket.write(body);
  else await sendChunks(socket, body);
}

async function sendChunks(socket: Socket, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (socket.destroyed) return;
    if (chunk.length === 0) continue;
    socket.cork();
    socket.write(`${chunk.length.toString(16)}\r\n`);
    socket.write(chunk);
    const roomLeft = socket.write('\r\n');
    socket.uncork();
    if (!roomLeft) await drained(socket);
  }
  socket.write('0\r\n\r\n');
}

/** Resolves when the socket takes more, or will never again. */
export function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    socket.off('drain', done).off('close', done);
    resolve();
  };
  socket.once('drain', done).once('close', done);
  return promise;
}

function isWhole(body: RequestBody): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array;
}

function parseHead(head: string): { status: number; headers: ReadonlyMap<string, string> } {
  const [first = '', ...rest] = head.split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw new Error(`not an HTTP answer: ${JSON.stringify(first.slice(0, 80))}`);
  const headers = new Map<string, string>();
  for (const line of rest) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status), headers };
}

function bodyOf(method: string, status: number, headers: ReadonlyMap<string, string>, source: SocketSource): AsyncIterable<Buffer> {
  if (status === 101) return source.rest();
  if (method === 'HEAD' || status === 204 || status === 304) return fixedBody(source, 0);
  if (headers.get('transfer-encoding')?.toLowerCase().includes('chunked') === true) return chunkedBody(source);
  const length = headers.get('content-length');
  return length === undefined ? source.rest() : fixedBody(source, Number(length));
}
