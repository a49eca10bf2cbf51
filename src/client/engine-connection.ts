import type { Socket } from 'node:net';
import { VERSION } from '#base/version.ts';
import { compareApiVersions } from '#protocol/api-version.ts';
import { parseAddress, type EngineAddress } from './address.ts';
import { connectionError, connectionLost, DaemonError, type ConnectionError } from './errors.ts';
import { UnexpectedEnd } from './http-body.ts';
import { exchange, openSocket, type RequestBody, type WireRequest, type WireResponse } from './http-wire.ts';

/**
 * The API version that this client speaks: the last one in which `inspect` tells a container's address at the top of
 * its network settings, and events their old fields. Scripts read both.
 */
export const CLIENT_API_VERSION = '1.51';

export type QueryValue = string | number | boolean | undefined | readonly string[];

export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version: `/containers/json`. Build it with `path` where a name goes into it. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; excludes `json`. */
  readonly body?: RequestBody | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** To be iterated to its end or left early; either closes the connection. */
  readonly body: AsyncIterable<Buffer>;
}

/** A connection that has become a plain duplex stream: attach and exec. */
export interface HijackedStream extends Disposable {
  readonly output: AsyncIterable<Buffer>;
  /** True where the output is framed per stream (no tty). Undefined where the engine does not say (before API 1.42). */
  readonly multiplexed: boolean | undefined;
  /** Resolves when there is room for more. */
  write(data: Uint8Array): Promise<void>;
  /** Closes the input alone; the output goes on. */
  closeInput(): void;
}

/** Escapes what goes into a path: `path('/containers/', name, '/start')` escapes every second piece. */
export function path(fixed: string, value: string, tail = ''): string {
  return `${fixed}${encodeURIComponent(value)}${tail}`;
}

/** Talks to one engine: one socket per call, the newest API version that both speak. */
export class EngineConnection {
  readonly address: EngineAddress;
  readonly #headers: Readonly<Record<string, string>>;
  #version: string;

  constructor(address: EngineAddress | string, options: { readonly apiVersion?: string | undefined; readonly headers?: Readonly<Record<string, string>> } = {}) {
    this.address = typeof address === 'string' ? parseAddress(address) : address;
    this.#version = options.apiVersion || CLIENT_API_VERSION;
    this.#headers = { 'User-Agent': `Onggi-Client/${VERSION} (linux)`, ...options.headers };
  }

  /** The API version in use: the client's own until an engine has asked for an older one. */
  get apiVersion(): string {
    return this.#version;
  }

  /** Sends a call and returns the answer as it streams in. @throws {DaemonError} for a status of 400 and above */
  async stream(call: Call, cancel?: AbortSignal): Promise<Reply> {
    const { response, release } = await this.#send(call, {}, cancel);
    return { status: response.status, headers: response.headers, body: this.#guarded(response, release, cancel) };
  }

  /** Sends a call and parses the answer; undefined where it has no body. */
  async json<T>(call: Call, cancel?: AbortSignal): Promise<T> {
    const text = await this.text(call, cancel);
    return (text.trim() === '' ? undefined : JSON.parse(text)) as T;
  }

  async text(call: Call, cancel?: AbortSignal): Promise<string> {
    const { body } = await this.stream(call, cancel);
    return await textOf(body);
  }

  /** Sends a call whose answer says nothing beyond its status. */
  async done(call: Call, cancel?: AbortSignal): Promise<void> {
    await this.text(call, cancel);
  }

  /** Turns a call into a two-way stream (attach, exec start). */
  async hijack(call: Call, cancel?: AbortSignal): Promise<HijackedStream> {
    const { response, release } = await this.#send(call, { Connection: 'Upgrade', Upgrade: 'tcp' }, cancel);
    const type = response.headers.get('content-type');
    return {
      output: this.#guarded(response, release, cancel),
      multiplexed: type === undefined ? undefined : type === 'application/vnd.docker.multiplexed-stream',
      write: (data) => writeAll(response.socket, data),
      closeInput: () => void response.socket.end(),
      [Symbol.dispose]: release,
    };
  }

  /** Asks the engine for its API version and takes it where it is older. Needed before a body that cannot be sent twice. */
  async negotiate(cancel?: AbortSignal): Promise<void> {
    const { response, release } = await this.#open({ method: 'HEAD', path: '/_ping' }, '/_ping', {}, cancel);
    release();
    const theirs = response.headers.get('api-version');
    if (theirs !== undefined && compareApiVersions(theirs, this.#version) < 0) this.#version = theirs;
  }

  async #send(call: Call, extra: Readonly<Record<string, string>>, cancel: AbortSignal | undefined): Promise<Sent> {
    if (call.body !== undefined && typeof call.body !== 'string') await this.negotiate(cancel);
    for (;;) {
      const version = this.#version;
      const sent = await this.#open(call, `/v${version}${call.path}`, extra, cancel);
      if (sent.response.status < 400) return sent;
      const error = await daemonError(sent);
      const older = supportedVersion(error);
      if (older === undefined || compareApiVersions(older, version) >= 0) throw error;
      // Another call may have been told already.
      if (compareApiVersions(older, this.#version) < 0) this.#version = older;
    }
  }

  async #open(call: Call, target: string, extra: Readonly<Record<string, string>>, cancel: AbortSignal | undefined): Promise<Sent> {
    cancel?.throwIfAborted();
    const socket = await openSocket(this.address).catch((thrown: unknown) => {
      throw connectionError(this.address, thrown);
    });
    const abort = (): void => void socket.destroy();
    cancel?.addEventListener('abort', abort);
    const release = (): void => {
      cancel?.removeEventListener('abort', abort);
      socket.destroy();
    };
    try {
      const response = await exchange(socket, wireRequest(call, target, { ...this.#headers, ...extra }));
      return { response, release };
    } catch (thrown) {
      release();
      cancel?.throwIfAborted();
      throw this.#failure(thrown);
    }
  }

  /** The body, with the connection closed behind it and its failures put in words. */
  async *#guarded(response: WireResponse, release: () => void, cancel: AbortSignal | undefined): AsyncGenerator<Buffer> {
    try {
      yield* response.body;
    } catch (thrown) {
      cancel?.throwIfAborted();
      throw this.#failure(thrown);
    } finally {
      release();
    }
  }

  #failure(thrown: unknown): ConnectionError {
    return thrown instanceof UnexpectedEnd ? connectionLost(this.address) : connectionError(this.address, thrown);
  }
}

interface Sent {
  readonly response: WireResponse;
  readonly release: () => void;
}

function wireRequest(call: Call, target: string, headers: Readonly<Record<string, string>>): WireRequest {
  const body = call.json === undefined ? call.body : JSON.stringify(call.json);
  const type: Record<string, string> = call.json === undefined ? {} : { 'Content-Type': 'application/json' };
  return { method: call.method, target: target + queryText(call.query), headers: { ...headers, ...type, ...call.headers }, body };
}

function queryText(query: Call['query']): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const one of value as readonly string[]) pairs.append(name, one);
    else pairs.set(name, value === true ? '1' : value === false ? '0' : String(value));
  }
  const text = pairs.toString();
  return text === '' ? '' : `?${text}`;
}

async function writeAll(socket: Socket, data: Uint8Array): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  // A reader that has gone is seen at the output's end, not here.
  socket.write(data, () => resolve());
  await promise;
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

async function daemonError({ response, release }: Sent): Promise<DaemonError> {
  try {
    const text = await textOf(response.body);
    return new DaemonError(response.status, messageIn(text) || `the engine answered with status ${response.status}`);
  } finally {
    release();
  }
}

/** Errors are JSON, except those of attach, which are plain text. */
function messageIn(text: string): string {
  try {
    const parsed = JSON.parse(text) as { message?: unknown } | null;
    if (typeof parsed?.message === 'string') return parsed.message.trim();
  } catch {
    // plain text, then
  }
  return text.trim();
}

/** The version that an engine offers when it finds ours too new. */
function supportedVersion(error: DaemonError): string | undefined {
  if (error.status !== 400) return undefined;
  return /client version \S+ is too new\. Maximum supported API version is (\d+\.\d+)/.exec(error.message)?.[1];
}
