import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { EngineError } from '#base/errors.ts';
import { untilAborted } from '#base/keyed-lock.ts';
import { secureContextFor } from './certificates.ts';
import { exchangeFailed, verb } from './network-errors.ts';
import { proxyFor } from './proxy.ts';
import type { RegistrySettings } from './settings.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** False: any certificate will do. */
  readonly isVerified: boolean;
}

/** An answer whose body has not been read: read it whole or destroy it. */
export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingMessage['headers'];
  /** Of the request that was answered, after redirects. */
  readonly url: URL;
  readonly body: IncomingMessage;
}

const MAX_REDIRECTS = 10;
const SHORT_BODY_BYTES = 64 * 1024;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
// Shown only to the host that the user named, never to one that it points to.
const CREDENTIALS = new Set(['authorization', 'cookie']);

/** Speaks HTTP to registries: certificates per host, proxies, idle connections kept, silence ended. */
export class HttpClient implements Disposable {
  readonly #settings: RegistrySettings;
  readonly #agents = new Map<string, Promise<http.Agent>>();

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) void agent.then((each) => each.destroy(), () => undefined);
    this.#agents.clear();
  }

  /**
   * Sends a request, follows up to ten redirects of a GET or HEAD, and resolves when the answer's headers are there.
   *
   * @throws {EngineError} `internal` in Go's words when no answer comes; the reason of `cancel` when that fires first
   */
  async send(request: HttpRequest, cancel: AbortSignal): Promise<HttpAnswer> {
    let { url, headers } = request;
    for (let hops = 0; ; hops += 1) {
      const answer = await this.#once({ ...request, url, headers }, cancel);
      const location = answer.headers.location;
      if (!REDIRECTS.has(answer.status) || location === undefined || request.method === 'POST') return answer;
      discard(answer);
      const target = URL.parse(location, url);
      if (!target || !/^https?:$/.test(target.protocol)) throw this.#refused(request, `invalid redirect location ${JSON.stringify(location)}`);
      if (hops === MAX_REDIRECTS - 1) throw this.#refused({ ...request, url: target }, `stopped after ${MAX_REDIRECTS} redirects`);
      if (target.origin !== url.origin) headers = withoutCredentials(headers);
      if (url.protocol === 'https:' && target.protocol === 'http:' && request.isVerified) {
        throw this.#refused(request, `redirected from https to plain http at ${target.origin}`);
      }
      url = target;
    }
  }

  #refused(request: HttpRequest, reason: string): EngineError {
    return new EngineError('internal', `${verb(request.method)} "${request.url.href}": ${reason}`);
  }

  async #once(request: HttpRequest, cancel: AbortSignal): Promise<HttpAnswer> {
    const { url, method } = request;
    const agent = await untilAborted(this.#agentFor(url, request.isVerified), cancel);
    const answered = Promise.withResolvers<IncomingMessage>();
    const options: RequestOptions = {
      method,
      agent,
      signal: cancel,
      timeout: this.#settings.idleMs,
      headers: { 'user-agent': this.#settings.userAgent, 'accept-encoding': 'identity', ...request.headers },
    };
    const outgoing = (url.protocol === 'https:' ? https : http).request(url, options);
    outgoing.on('response', answered.resolve).on('error', answered.reject);
    outgoing.on('timeout', () => outgoing.destroy(idleTooLong(outgoing.socket?.connecting === true)));
    outgoing.end(request.body);
    try {
      const body = await answered.promise;
      // A body that nobody reads any more may still break.
      body.on('error', () => undefined);
      return { status: body.statusCode ?? 0, statusText: body.statusMessage ?? '', headers: body.headers, url, body };
    } catch (thrown) {
      cancel.throwIfAborted();
      throw exchangeFailed(method, url, thrown);
    }
  }

  async #agentFor(url: URL, isVerified: boolean): Promise<http.Agent> {
    const key = `${url.protocol}//${url.host} ${isVerified}`;
    const known = this.#agents.get(key);
    if (known) return known;
    const made = this.#makeAgent(url, isVerified);
    this.#agents.set(key, made);
    // A folder of certificates that could not be read may be mended before the next try.
    made.catch(() => this.#agents.delete(key));
    return made;
  }

  async #makeAgent(url: URL, isVerified: boolean): Promise<http.Agent> {
    const proxy = proxyFor(url, this.#settings.proxies);
    const options = {
      keepAlive: true,
      // One connection may be silent for long while another works: the limit is per request.
      timeout: this.#settings.idleMs,
      ...(proxy !== '' && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
    };
    if (url.protocol === 'http:') return new http.Agent(options);
    const secureContext = await secureContextFor(this.#settings.certsRoot, url.host, isVerified);
    return new https.Agent({ ...options, secureContext, rejectUnauthorized: isVerified });
  }
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())));
}

function idleTooLong(isConnecting: boolean): Error {
  return Object.assign(new Error('net/http: timeout awaiting an answer'), isConnecting ? { code: 'ETIMEDOUT' } : {});
}

/** Gives up a body: a short one is read away, so that its connection serves again; a long one is cut off. */
export function discard({ body, headers }: HttpAnswer): void {
  if (Number(headers['content-length'] ?? 0) <= SHORT_BODY_BYTES || body.complete) body.resume();
  else body.destroy();
}

/**
 * Reads a whole body of at most `limitBytes`.
 *
 * @throws {EngineError} `internal` when it is longer, or ends early
 */
export async function readBody(answer: HttpAnswer, limitBytes: number, cancel: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) throw new EngineError('internal', `${answer.url.href}: the answer is larger than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (thrown) {
    cancel.throwIfAborted();
    if (thrown instanceof EngineError) throw thrown;
    throw new EngineError('internal', 'unexpected EOF', { cause: thrown });
  }
  return Buffer.concat(chunks);
}
