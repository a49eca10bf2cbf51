import { statSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { extraAttributes, renderTag } from '#parts/logs/log-attrs.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import { UnixDatagramSender } from './datagrams.ts';
import { type LogShipper, type ShippingDriver, type ShippingSubject, lineOf } from './log-shipper.ts';
import { checkNames } from './option-checks.ts';
import { PartialLines } from './partial-lines.ts';

/** Docker's `journald`, by the journal's own protocol. */
export const journald: ShippingDriver = journaldAt('/run/systemd/journal/socket');

/** The driver with its socket at another place. */
export function journaldAt(socket: string): ShippingDriver {
  return {
    check: (options) => checkNames('journald', options, new Set()),
    open(options, subject) {
      if (!statSync(socket, { throwIfNoEntry: false })) throw new Error('journald is not enabled on this host');
      const tag = renderTag(options['tag'] || '{{.ID}}', subject);
      const extra = [...extraAttributes(options, subject)].map(([name, value]) => [fieldName(name), value] as const);
      return new JournaldShipper(new UnixDatagramSender(socket), fixedFields(subject, tag), extra.filter(([name]) => name !== ''));
    },
  };
}

type Field = readonly [name: string, value: string | Buffer];

// moby daemon/logger/journald/journald.go
function fixedFields(subject: ShippingSubject, tag: string): readonly Field[] {
  return [
    ['CONTAINER_ID', subject.id.slice(0, 12)],
    ['CONTAINER_ID_FULL', subject.id],
    ['CONTAINER_NAME', subject.name],
    ['CONTAINER_TAG', tag],
    ['IMAGE_NAME', subject.imageName],
    ['SYSLOG_IDENTIFIER', tag],
  ];
}

/** The journal's names are capitals, digits and underscores, and begin with a letter. */
function fieldName(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_').replace(/^[^A-Z]+/, '');
}

class JournaldShipper implements LogShipper {
  readonly #sender: UnixDatagramSender;
  readonly #fixed: Buffer;
  readonly #extra: Buffer;
  readonly #partials = new PartialLines();
  #encoded: { readonly batch: readonly LogEntry[]; readonly datagrams: readonly Buffer[] } | undefined;

  constructor(sender: UnixDatagramSender, fixed: readonly Field[], extra: readonly Field[]) {
    this.#sender = sender;
    this.#fixed = encode(fixed);
    this.#extra = encode(extra);
  }

  async ship(batch: readonly LogEntry[], cancel: AbortSignal): Promise<void> {
    // a batch that comes again keeps the ids of its long lines
    if (this.#encoded?.batch !== batch) this.#encoded = { batch, datagrams: batch.map((entry) => this.#datagram(entry)) };
    for (const datagram of this.#encoded.datagrams) await this.#send(datagram, cancel);
  }

  /** What is too long for a datagram goes without labels and environment, rather than not at all. */
  async #send(datagram: Buffer, cancel: AbortSignal): Promise<void> {
    try {
      await this.#sender.send([Buffer.concat([datagram, this.#extra])], cancel);
    } catch (thrown) {
      if (codeOf(thrown) !== 'EMSGSIZE' || this.#extra.length === 0) throw thrown;
      await this.#sender.send([datagram], cancel);
    }
  }

  #datagram(entry: LogEntry): Buffer {
    const partial = this.#partials.next(entry);
    const own: Field[] = [
      ['MESSAGE', lineOf(entry).text],
      ['PRIORITY', entry.source === 'stderr' ? '3' : '6'],
      ['SYSLOG_TIMESTAMP', entry.time],
    ];
    if (partial) {
      if (!partial.last) own.push(['CONTAINER_PARTIAL_MESSAGE', 'true']);
      own.push(['CONTAINER_PARTIAL_ID', partial.id], ['CONTAINER_PARTIAL_ORDINAL', String(partial.ordinal)], ['CONTAINER_PARTIAL_LAST', String(partial.last)]);
    }
    return Buffer.concat([encode(own), this.#fixed]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sender[Symbol.dispose]();
  }
}

/**
 * `NAME=value` by lines; a value with a newline in it behind its length.
 *
 * @see https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
 */
function encode(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => {
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value);
    if (!bytes.includes(0x0a)) return [Buffer.from(`${name}=`), bytes, NEWLINE];
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return [Buffer.from(`${name}\n`), length, bytes, NEWLINE];
  }));
}

const NEWLINE: Buffer = Buffer.from('\n');
