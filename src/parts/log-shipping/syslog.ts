import { statSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { codeOf } from '#base/errors.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import { renderTag } from '#parts/logs/log-attrs.ts';
import type { LogOptions } from '#parts/logs/log-settings.ts';
import { type DatagramSender, UdpSender, UnixDatagramSender } from './datagrams.ts';
import { type LogShipper, type ShippingDriver, lineOf } from './log-shipper.ts';
import { checkNames, parseAddress } from './option-checks.ts';
import { StreamConnection } from './stream-connection.ts';
import { type SyslogSettings, parseFacility, parseFormat, syslogMessage } from './syslog-message.ts';
import { tlsOptions } from './tls-options.ts';

const OWN: ReadonlySet<string> = new Set([
  'syslog-address', 'syslog-facility', 'syslog-format', 'syslog-tls-ca-cert', 'syslog-tls-cert', 'syslog-tls-key', 'syslog-tls-skip-verify',
]);
const DEFAULT_PORT = 514;
/** Where the host's own syslog listens. */
const LOCAL_SOCKETS: readonly string[] = ['/dev/log', '/var/run/syslog', '/var/run/log'];

/** Docker's `syslog`. */
export const syslog: ShippingDriver = {
  check(options) {
    checkNames('syslog', options, OWN);
    parseTarget(options['syslog-address']);
    parseFacility(options['syslog-facility']);
    parseFormat(options['syslog-format']);
  },

  open(options, subject) {
    const target = parseTarget(options['syslog-address']);
    const settings: SyslogSettings = {
      format: parseFormat(options['syslog-format']),
      facility: parseFacility(options['syslog-facility']),
      tag: renderTag(options['tag'] || '{{.ID}}', subject),
      hostname: subject.hostname,
      pid: process.pid,
      counted: target.kind === 'tcp+tls' && (options['syslog-format'] ?? '').startsWith('rfc5424'),
    };
    return new SyslogShipper(settings, carrierOf(target, options));
  },
};

type Target =
  | { readonly kind: 'udp' | 'tcp' | 'tcp+tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix' | 'unixgram'; readonly path: string };

/** @throws {Error} in dockerd's words */
function parseTarget(text: string | undefined): Target {
  if (!text) return { kind: 'unixgram', path: localSocket() };
  const { scheme, host, port, path } = parseAddress(text);
  switch (scheme) {
    case 'unix':
    case 'unixgram':
      try {
        statSync(path);
      } catch (thrown) {
        throw new Error(`stat ${path}: ${codeOf(thrown) === 'ENOENT' ? 'no such file or directory' : (codeOf(thrown) ?? 'failed')}`, { cause: thrown });
      }
      return { kind: scheme, path };
    case 'udp':
    case 'tcp':
    case 'tcp+tls':
      return { kind: scheme, host: host || 'localhost', port: port ?? DEFAULT_PORT };
    default:
      throw new Error(`unsupported scheme: '${scheme}'`);
  }
}

function localSocket(): string {
  return LOCAL_SOCKETS.find((path) => statSync(path, { throwIfNoEntry: false })) ?? '/dev/log';
}

type Carrier = { readonly stream: StreamConnection } | { readonly datagrams: DatagramSender };

function carrierOf(target: Target, options: LogOptions): Carrier {
  switch (target.kind) {
    case 'udp':
      return { datagrams: new UdpSender(target.host, target.port) };
    case 'unixgram':
      return { datagrams: new UnixDatagramSender(target.path) };
    case 'unix':
      return { stream: new StreamConnection({ ready: 'connect', open: () => connectPlain(target.path) }) };
    case 'tcp':
      return { stream: new StreamConnection({ ready: 'connect', open: () => connectPlain(target.port, target.host) }) };
    case 'tcp+tls': {
      const tls = tlsOptions({
        ca: options['syslog-tls-ca-cert'], cert: options['syslog-tls-cert'], key: options['syslog-tls-key'],
        skipVerify: (options['syslog-tls-skip-verify'] ?? '') !== '', // any text at all, as with Docker
      });
      return { stream: new StreamConnection({ ready: 'secureConnect', open: () => connectTls({ ...tls, host: target.host, port: target.port }) }) };
    }
    default:
      return target satisfies never;
  }
}

class SyslogShipper implements LogShipper {
  readonly #settings: SyslogSettings;
  readonly #carrier: Carrier;

  constructor(settings: SyslogSettings, carrier: Carrier) {
    this.#settings = settings;
    this.#carrier = carrier;
  }

  async ship(batch: readonly LogEntry[], cancel: AbortSignal): Promise<void> {
    const messages = batch.map((entry) => syslogMessage(this.#settings, { source: entry.source, time: entry.time, text: lineOf(entry).text }));
    if ('stream' in this.#carrier) await this.#carrier.stream.write(Buffer.concat(messages), cancel);
    else await this.#carrier.datagrams.send(messages, cancel);
  }

  unsettledSinceMs(): number | undefined {
    return 'stream' in this.#carrier ? this.#carrier.stream.unsettledSinceMs() : undefined;
  }

  async settle(cancel: AbortSignal): Promise<boolean> {
    return 'stream' in this.#carrier ? this.#carrier.stream.settle(cancel) : true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if ('stream' in this.#carrier) await this.#carrier.stream[Symbol.asyncDispose]();
    else this.#carrier.datagrams[Symbol.dispose]();
  }
}

