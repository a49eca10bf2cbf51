import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import { parseInteger } from '#parts/logs/go-values.ts';
import { extraAttributes, renderTag } from '#parts/logs/log-attrs.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import type { LogOptions } from '#parts/logs/log-settings.ts';
import { UdpSender } from './datagrams.ts';
import { type LogShipper, type ShippingDriver, type ShippingSubject, lineOf } from './log-shipper.ts';
import { checkNames, parseAddress } from './option-checks.ts';
import { StreamConnection } from './stream-connection.ts';

const OWN: ReadonlySet<string> = new Set(['gelf-address', 'gelf-compression-level', 'gelf-compression-type', 'gelf-tcp-max-reconnect', 'gelf-tcp-reconnect-delay']);

/** Docker's `gelf`. What it says of TCP's reconnecting is checked only: here it is tried until it works. */
export const gelf: ShippingDriver = {
  check(options) {
    const { scheme } = parseTarget(options['gelf-address']);
    for (const name of Object.keys(options).sort()) {
      if (name.startsWith('gelf-compression-')) checkCompression(scheme, name, options[name] ?? '');
      if (name.startsWith('gelf-tcp-')) checkReconnect(scheme, name, options[name] ?? '');
    }
    checkNames('gelf', options, OWN);
  },

  open(options, subject) {
    const { scheme, host, port } = parseTarget(options['gelf-address']);
    const base = fixedFields(options, subject);
    if (scheme === 'tcp') return new GelfTcpShipper(base, new StreamConnection({ ready: 'connect', open: () => connect(port, host) }));
    return new GelfUdpShipper(base, new UdpSender(host, port), packerOf(options));
  },
};

/** @throws {Error} in dockerd's words */
function parseTarget(text: string | undefined): { readonly scheme: string; readonly host: string; readonly port: number } {
  if (!text) throw new Error('gelf-address is a required parameter');
  const { scheme, host, port } = parseAddress(text);
  if (scheme !== 'udp' && scheme !== 'tcp') throw new Error('gelf: endpoint needs to be TCP or UDP');
  if (port === undefined) throw new Error('gelf: please provide gelf-address as proto://host:port');
  return { scheme, host: host || 'localhost', port };
}

function checkCompression(scheme: string, name: string, value: string): void {
  if (scheme !== 'udp') throw new Error('compression is only supported on UDP');
  const fits = name === 'gelf-compression-type' ? ['gzip', 'zlib', 'none'].includes(value) : /^(-1|[0-9])$/.test(value);
  if (!fits) throw new Error(`unknown value ${JSON.stringify(value)} for log opt ${JSON.stringify(name)} for gelf log driver`);
}

function checkReconnect(scheme: string, name: string, value: string): void {
  if (scheme !== 'tcp') throw new Error(`${JSON.stringify(name)} is only valid for TCP`);
  if (!/^\+?\d+$/.test(value) || parseInteger(value) < 0) throw new Error(`${JSON.stringify(name)} must be a positive integer`);
}

type Packer = (bytes: Buffer) => Promise<Buffer>;

/** gzip at its fastest unless told otherwise. */
function packerOf(options: LogOptions): Packer {
  const level = Number(options['gelf-compression-level'] ?? 1);
  switch (options['gelf-compression-type'] ?? 'gzip') {
    case 'none':
      return (bytes) => Promise.resolve(bytes);
    case 'zlib':
      return (bytes) => promisify(deflate)(bytes, { level });
    default:
      return (bytes) => promisify(gzip)(bytes, { level });
  }
}

type Fields = Readonly<Record<string, unknown>>;

// moby daemon/logger/gelf/gelf.go
function fixedFields(options: LogOptions, subject: ShippingSubject): Fields {
  const extra = [...extraAttributes(options, subject)].map(([name, value]) => [`_${name}`, value]);
  return {
    _container_id: subject.id,
    _container_name: subject.name,
    _image_id: subject.imageId,
    _image_name: subject.imageName,
    _command: subject.command,
    _tag: renderTag(options['tag'] || '{{.ID}}', subject),
    _created: subject.createdAt.toISOString(),
    ...Object.fromEntries(extra),
    version: '1.1',
    host: subject.hostname,
  };
}

/** An empty line is no GELF message: its text must not be empty. */
function messagesOf(fixed: Fields, batch: readonly LogEntry[]): Buffer[] {
  return batch
    .filter((entry) => lineOf(entry).text.length > 0)
    .map((entry) => {
      const message = { ...fixed, short_message: lineOf(entry).text.toString('utf8'), timestamp: Date.parse(entry.time) / 1000, level: entry.source === 'stderr' ? 3 : 6 };
      return Buffer.from(JSON.stringify(message));
    });
}

const END: Buffer = Buffer.of(0);

class GelfTcpShipper implements LogShipper {
  readonly #fixed: Fields;
  readonly #connection: StreamConnection;

  constructor(fixed: Fields, connection: StreamConnection) {
    this.#fixed = fixed;
    this.#connection = connection;
  }

  async ship(batch: readonly LogEntry[], cancel: AbortSignal): Promise<void> {
    const messages = messagesOf(this.#fixed, batch);
    if (messages.length > 0) await this.#connection.write(Buffer.concat(messages.flatMap((message) => [message, END])), cancel);
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

class GelfUdpShipper implements LogShipper {
  readonly #fixed: Fields;
  readonly #sender: UdpSender;
  readonly #pack: Packer;

  constructor(fixed: Fields, sender: UdpSender, pack: Packer) {
    this.#fixed = fixed;
    this.#sender = sender;
    this.#pack = pack;
  }

  async ship(batch: readonly LogEntry[], cancel: AbortSignal): Promise<void> {
    const datagrams: Buffer[] = [];
    for (const message of messagesOf(this.#fixed, batch)) datagrams.push(...chunksOf(await this.#pack(message)));
    if (datagrams.length > 0) await this.#sender.send(datagrams, cancel);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sender[Symbol.dispose]();
  }
}

const CHUNK_BYTES = 1420;
const CHUNK_HEAD_BYTES = 12;
const MOST_CHUNKS = 128;

/**
 * One datagram, or chunks of it that the receiver joins: `1e 0f`, an id of eight bytes, number, count.
 *
 * @see https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
 */
function chunksOf(message: Buffer): Buffer[] {
  if (message.length <= CHUNK_BYTES) return [message];
  const room = CHUNK_BYTES - CHUNK_HEAD_BYTES;
  const count = Math.ceil(message.length / room);
  // 128 are 180 kB: a line has 16 KiB, so that only labels or a command beyond all measure come to this
  if (count > MOST_CHUNKS) throw new Error(`a GELF message of ${message.length} bytes does not fit into ${MOST_CHUNKS} chunks`);
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, number) =>
    Buffer.concat([Buffer.of(0x1e, 0x0f), id, Buffer.of(number, count), message.subarray(number * room, (number + 1) * room)]));
}
