import { randomBytes } from 'node:crypto';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '#base/errors.ts';
import { parseBoolean, parseDurationMs, parseInteger } from '#parts/logs/go-values.ts';
import { extraAttributes, renderTag } from '#parts/logs/log-attrs.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import type { LogOptions } from '#parts/logs/log-settings.ts';
import { parseSize } from '#parts/logs/size-text.ts';
import { type LogShipper, type ShippingDriver, lineOf } from './log-shipper.ts';
import { type EventTime, type Packable, pack } from './msgpack.ts';
import { checkNames, flag, parseAddress } from './option-checks.ts';
import { PartialLines } from './partial-lines.ts';
import { StreamConnection } from './stream-connection.ts';

const OWN: ReadonlySet<string> = new Set([
  'fluentd-address', 'fluentd-async', 'fluentd-async-reconnect-interval', 'fluentd-buffer-limit', 'fluentd-max-retries', 'fluentd-request-ack',
  'fluentd-retry-wait', 'fluentd-sub-second-precision', 'fluentd-write-timeout',
]);
const DEFAULT_PORT = 24_224;
const ACK_LIMIT_MS = 30_000;

/**
 * Docker's `fluentd`. Its options of buffers and retries are checked only: the log file is the buffer, and it is tried
 * until it works.
 */
export const fluentd: ShippingDriver = {
  check(options) {
    checkNames('fluentd', options, OWN);
    parseTarget(options['fluentd-address']);
    checkValues(options);
  },

  open(options, subject) {
    const target = parseTarget(options['fluentd-address']);
    return new FluentdShipper(target, {
      tag: renderTag(options['tag'] || '{{.ID}}', subject),
      fixed: [['container_id', subject.id], ['container_name', `/${subject.name}`]],
      extra: [...extraAttributes(options, subject)],
      subSecond: flag(options, 'fluentd-sub-second-precision'),
      acknowledged: flag(options, 'fluentd-request-ack'),
    });
  },
};

type Target = { readonly scheme: 'tcp' | 'tls'; readonly host: string; readonly port: number } | { readonly scheme: 'unix'; readonly path: string };

/** @throws {Error} in dockerd's words */
function parseTarget(text: string | undefined): Target {
  if (!text) return { scheme: 'tcp', host: '127.0.0.1', port: DEFAULT_PORT };
  try {
    const { scheme, host, port, path } = parseAddress(text.includes('://') ? text : `tcp://${text}`);
    if (scheme === 'unix') {
      if (path.replace(/^\/+/, '') === '') throw new Error('path is empty');
      return { scheme, path };
    }
    if (scheme !== 'tcp' && scheme !== 'tls') throw new Error(`unsupported scheme: '${scheme}'`);
    if (path !== '') throw new Error('should not contain a path element');
    return { scheme, host: host || '127.0.0.1', port: port ?? DEFAULT_PORT };
  } catch (thrown) {
    throw new Error(`invalid fluentd-address (${text}): ${messageOf(thrown)}`, { cause: thrown });
  }
}

function checkValues(options: LogOptions): void {
  const check = (name: string, parse: (text: string) => unknown): void => void (options[name] && parse(options[name]));
  check('fluentd-buffer-limit', (text) => parseSize(text, 1024));
  check('fluentd-retry-wait', parseDurationMs);
  check('fluentd-max-retries', (text) => parseInteger(text, 'ParseUint'));
  check('fluentd-async', parseBoolean);
  check('fluentd-async-reconnect-interval', checkInterval);
  check('fluentd-sub-second-precision', parseBoolean);
  check('fluentd-request-ack', parseBoolean);
  check('fluentd-write-timeout', checkTimeout);
}

function checkInterval(text: string): void {
  const before = 'invalid value for fluentd-async-reconnect-interval: ';
  let ms: number;
  try {
    ms = parseDurationMs(text);
  } catch (thrown) {
    throw new Error(before + messageOf(thrown), { cause: thrown });
  }
  if (ms !== 0 && (ms < 100 || ms > 10_000)) throw new Error(`${before}value (${JSON.stringify(text)}) must be between 100ms and 10s`);
}

function checkTimeout(text: string): void {
  const before = 'invalid value for fluentd-write-timeout: value must be a duration';
  let ms: number;
  try {
    ms = parseDurationMs(text);
  } catch (thrown) {
    throw new Error(`${before}: ${messageOf(thrown)}`, { cause: thrown });
  }
  if (ms < 0) throw new Error(`${before} that is non-negative`);
}

interface Settings {
  readonly tag: string;
  readonly fixed: readonly (readonly [string, string])[];
  readonly extra: readonly (readonly [string, string])[];
  readonly subSecond: boolean;
  readonly acknowledged: boolean;
}

/** Speaks the forward protocol: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1 */
class FluentdShipper implements LogShipper {
  readonly #settings: Settings;
  readonly #connection: StreamConnection;
  readonly #partials = new PartialLines();
  #records: { readonly batch: readonly LogEntry[]; readonly entries: Packable } | undefined;
  #answer: Buffer = Buffer.alloc(0);
  #answered: () => void = () => {};

  constructor(target: Target, settings: Settings) {
    this.#settings = settings;
    this.#connection = new StreamConnection({
      ready: target.scheme === 'tls' ? 'secureConnect' : 'connect',
      acknowledged: settings.acknowledged,
      open: () => {
        if (target.scheme === 'unix') return connectPlain(target.path);
        return target.scheme === 'tls' ? connectTls({ host: target.host, port: target.port }) : connectPlain(target.port, target.host);
      },
      onData: (bytes) => {
        if (!settings.acknowledged) return;
        this.#answer = Buffer.concat([this.#answer, bytes]).subarray(-4096);
        this.#answered();
      },
    });
  }

  async ship(batch: readonly LogEntry[], cancel: AbortSignal): Promise<void> {
    const { tag, acknowledged } = this.#settings;
    // a batch that comes again keeps the ids of its long lines
    if (this.#records?.batch !== batch) this.#records = { batch, entries: batch.map((entry) => [this.#timeOf(entry), this.#recordOf(entry)]) };
    const chunk = randomBytes(16).toString('base64');
    const option = new Map<string, Packable>([['size', batch.length], ...(acknowledged ? [['chunk', chunk] as const] : [])]);
    await this.#connection.write(pack([tag, this.#records.entries, option]), cancel);
    if (acknowledged) await this.#acknowledgement(chunk, cancel);
  }

  #timeOf({ time }: LogEntry): EventTime {
    const nanoseconds = Number(time.slice(20, -1).padEnd(9, '0').slice(0, 9));
    return { seconds: Math.floor(Date.parse(time) / 1000), nanoseconds: this.#settings.subSecond ? nanoseconds : undefined };
  }

  #recordOf(entry: LogEntry): Packable {
    const { fixed, extra } = this.#settings;
    const partial = this.#partials.next(entry);
    return new Map<string, Packable>([
      ...fixed,
      ['source', entry.source],
      ['log', lineOf(entry).text.toString('utf8')],
      ...extra,
      ...(partial
        ? ([['partial_message', 'true'], ['partial_id', partial.id], ['partial_ordinal', String(partial.ordinal)], ['partial_last', String(partial.last)]] as const)
        : []),
    ]);
  }

  /** The receiver answers `{"ack": chunk}`. */
  async #acknowledgement(chunk: string, cancel: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([cancel, AbortSignal.timeout(ACK_LIMIT_MS)]);
    const came = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#answer.includes(chunk)) came.resolve();
    };
    const fail = (): void => came.reject(new Error('the receiver did not acknowledge'));
    this.#answered = look;
    limit.addEventListener('abort', fail, { once: true });
    this.#connection.whenClosed(fail);
    look();
    try {
      await came.promise;
      this.#answer = Buffer.alloc(0);
    } catch (thrown) {
      this.#connection.drop();
      throw thrown;
    } finally {
      limit.removeEventListener('abort', fail);
      this.#answered = () => {};
    }
  }

  unsettledSinceMs(): number | undefined {
    return this.#connection.unsettledSinceMs();
  }

  settle(cancel: AbortSignal): Promise<boolean> {
    return this.#connection.settle(cancel);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}

