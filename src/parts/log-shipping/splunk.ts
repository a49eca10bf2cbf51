import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { codeOf, messageOf } from '#base/errors.ts';
import { parseInteger } from '#parts/logs/go-values.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import type { LogOptions } from '#parts/logs/log-settings.ts';
import type { LogShipper, ShippingDriver } from './log-shipper.ts';
import { checkNames, flag, parseAddress } from './option-checks.ts';
import { type EventWriter, eventWriter } from './splunk-events.ts';
import { readPem } from './tls-options.ts';

const OWN: ReadonlySet<string> = new Set([
  'splunk-url', 'splunk-token', 'splunk-source', 'splunk-sourcetype', 'splunk-index', 'splunk-capath', 'splunk-caname', 'splunk-insecureskipverify',
  'splunk-format', 'splunk-verify-connection', 'splunk-gzip', 'splunk-gzip-level', 'splunk-index-acknowledgment',
]);
const PATH = '/services/collector/event/1.0';
const ANSWER_LIMIT_MS = 30_000;
const ANSWER_BYTES = 16 * 1024;

/** Docker's `splunk`: the HTTP event collector. Its options' values come to light at the start. */
export const splunk: ShippingDriver = {
  check(options) {
    checkNames('splunk', options, OWN);
  },

  open(options, subject) {
    return new SplunkShipper(connectionOf(options), eventWriter(options, subject));
  },

  async verify(options) {
    if (!flag(options, 'splunk-verify-connection', true)) return;
    const connection = connectionOf(options);
    using _agent = connection;
    const { status, text } = await connection.ask('OPTIONS', undefined, AbortSignal.timeout(ANSWER_LIMIT_MS)).catch((thrown: unknown) => {
      throw new Error(`Options ${JSON.stringify(connection.url)}: ${goNetworkError(thrown)}`, { cause: thrown });
    });
    if (status !== 200) throw new Error(`splunk: failed to verify connection - ${status} - ${text}`);
  },
};

function goNetworkError(thrown: unknown): string {
  const { address, port } = thrown as { address?: string; port?: number };
  if (codeOf(thrown) === 'ECONNREFUSED' && address !== undefined) return `dial tcp ${address}:${port}: connect: connection refused`;
  return messageOf(thrown);
}

/** @throws {Error} in dockerd's words */
function connectionOf(options: LogOptions): Collector {
  const url = collectorUrl(options['splunk-url']);
  const token = options['splunk-token'];
  if (!token) throw new Error('splunk: splunk-token is expected');
  const tls = {
    rejectUnauthorized: !flag(options, 'splunk-insecureskipverify'),
    ...(options['splunk-capath'] && { ca: readPem(options['splunk-capath'], '') }),
    ...(options['splunk-caname'] && { servername: options['splunk-caname'] }),
  };
  const channel = flag(options, 'splunk-index-acknowledgment') ? randomUUID() : undefined;
  flag(options, 'splunk-verify-connection', true);
  return new Collector({ url, token, tls, channel, gzipLevel: gzipLevel(options) });
}

function collectorUrl(text: string | undefined): string {
  if (!text) throw new Error('splunk: splunk-url is expected');
  const { scheme, host, path, query } = parseAddress(text);
  if ((scheme !== 'http' && scheme !== 'https') || host === '' || (path !== '' && path !== '/') || query !== '' || /[?#@]/.test(text)) {
    throw new Error('splunk: expected format scheme://dns_name_or_ip:port for splunk-url');
  }
  return text.replace(/\/$/, '') + PATH;
}

/** undefined: not packed. */
function gzipLevel(options: LogOptions): number | undefined {
  if (!flag(options, 'splunk-gzip')) return undefined;
  const text = options['splunk-gzip-level'];
  if (text === undefined) return -1;
  const level = parseInteger(text, 'ParseInt');
  if (level < -1 || level > 9) throw new Error(`not supported level '${text}' for splunk-gzip-level (supported values between -1 and 9)`);
  return level;
}

interface CollectorOptions {
  readonly url: string;
  readonly token: string;
  readonly tls: { readonly rejectUnauthorized: boolean; readonly ca?: Buffer | ''; readonly servername?: string };
  readonly channel: string | undefined;
  readonly gzipLevel: number | undefined;
}

/** Speaks to one event collector over connections that are kept. */
class Collector implements Disposable {
  readonly url: string;
  readonly #options: CollectorOptions;
  readonly #agent: HttpAgent;

  constructor(options: CollectorOptions) {
    this.url = options.url;
    this.#options = options;
    const { ca, ...rest } = options.tls;
    this.#agent = options.url.startsWith('https:') ? new HttpsAgent({ keepAlive: true, ...rest, ...(ca && { ca }) }) : new HttpAgent({ keepAlive: true });
  }

  async ask(method: 'OPTIONS' | 'POST', body: Buffer | undefined, cancel: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
    const { token, channel, gzipLevel: level } = this.#options;
    const packed = body && level !== undefined ? await promisify(gzip)(body, { level }) : body;
    const options: RequestOptions = {
      method,
      agent: this.#agent,
      signal: cancel,
      headers: {
        Authorization: `Splunk ${token}`,
        ...(channel !== undefined && { 'X-Splunk-Request-Channel': channel }),
        ...(packed && { 'Content-Type': 'application/json', 'Content-Length': packed.length }),
        ...(packed && level !== undefined && { 'Content-Encoding': 'gzip' }),
      },
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = this.url.startsWith('https:') ? httpsRequest(this.url, options, resolve) : httpRequest(this.url, options, resolve);
      asked.on('error', reject);
      asked.end(packed);
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (length < ANSWER_BYTES) chunks.push(chunk);
      length += chunk.length;
    }
    return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES) };
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

class SplunkShipper implements LogShipper {
  readonly #collector: Collector;
  readonly #write: EventWriter;

  constructor(collector: Collector, write: EventWriter) {
    this.#collector = collector;
    this.#write = write;
  }

  async ship(batch: readonly LogEntry[], cancel: AbortSignal): Promise<void> {
    const body = batch.map((entry) => this.#write(entry)).join('');
    if (body === '') return;
    const limit = AbortSignal.any([cancel, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    const { status, text } = await this.#collector.ask('POST', Buffer.from(body), limit);
    if (status !== 200) throw new Error(`splunk: failed to send event - ${status} - ${text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#collector[Symbol.dispose]();
  }
}

