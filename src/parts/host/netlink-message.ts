/** Bytes of netlink messages: a header, a fixed part, attributes. Numbers are in the host's byte order (little-endian on all that we run on). */

/** Header flags. @see https://man7.org/linux/man-pages/man7/netlink.7.html */
export const NLM = { request: 1, ack: 4, replace: 0x100, excl: 0x200, create: 0x400, dump: 0x300 } as const;

const HEADER_BYTES = 16;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/** One attribute: number, and bytes. */
export function attribute(type: number, payload: Uint8Array): Buffer {
  const padded = Buffer.alloc(4 + align(payload.length));
  padded.writeUInt16LE(4 + payload.length, 0);
  padded.writeUInt16LE(type, 2);
  padded.set(payload, 4);
  return padded;
}

export function nested(type: number, ...parts: readonly Uint8Array[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(parts));
}

/** With its final NUL, as interface names and kinds have it. */
export function textAttribute(type: number, text: string): Buffer {
  return attribute(type, Buffer.from(`${text}\0`));
}

export function u32Attribute(type: number, value: number): Buffer {
  return attribute(type, u32(value));
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** A whole message; `body` is the fixed part with the attributes after it. */
export function message(type: number, flags: number, sequence: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

export interface Received {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

/** The messages of one datagram; a length that cannot be ends the list. */
export function parseMessages(datagram: Buffer): readonly Received[] {
  const found: Received[] = [];
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > datagram.length) break;
    found.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + HEADER_BYTES, at + length),
    });
    at += align(length);
  }
  return found;
}

/** Attributes by number; of one that comes twice, the last. */
export function parseAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    found.set(bytes.readUInt16LE(at + 2) & TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

/** An attribute's text without its NUL. */
export function textOf(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : bytes.toString('utf8').replace(/\0.*$/s, '');
}

function align(length: number): number {
  return (length + 3) & ~3;
}
