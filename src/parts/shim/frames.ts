import type { Duplex } from 'node:stream';

/** Frame types of the shim's protocol; the header is the one Docker puts before multiplexed output. */
export const FRAME = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  started: 3,
  exited: 4,
  failed: 5,
  subscribed: 6,
  closeStdin: 16,
  resize: 17,
  subscribe: 18,
  signal: 20,
} as const;

/** Flags of a subscription's one byte. `raw` leaves the headers out. */
export const WANT = { stdout: 1, stderr: 2, raw: 4 } as const;

const HEADER_BYTES = 8;

/** What the shim says of itself is short; anything longer is not from a shim. */
const NEWS_LIMIT_BYTES = 16 * 1024;

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

export function frame(type: number, payload: string | Uint8Array = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return Buffer.concat([header(type, body.length), body]);
}

/** The header alone, for a payload that is written beside it. */
export function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes[0] = type;
  bytes.writeUInt32BE(length, 4);
  return bytes;
}

/**
 * Reads one short frame and leaves what follows it in the stream; undefined where the stream ends first.
 *
 * @throws {Error} when the payload is longer than a shim's own words can be
 */
export async function readFrame(stream: Duplex): Promise<Frame | undefined> {
  const head = await readExactly(stream, HEADER_BYTES);
  if (!head) return undefined;
  const length = head.readUInt32BE(4);
  if (length > NEWS_LIMIT_BYTES) throw new Error(`a frame of ${length} bytes is not from a shim`);
  const payload = length === 0 ? Buffer.alloc(0) : await readExactly(stream, length);
  return payload && { type: head[0] ?? 0, payload };
}

// Takes all there is and gives back what is too much. Asking for a length instead would leave less than that in the
// stream, and a stream that holds something calls itself readable again and again.
async function readExactly(stream: Duplex, length: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  for (let got = 0; ; ) {
    const part = stream.read() as Buffer | null;
    if (part) {
      parts.push(part);
      got += part.length;
    }
    if (got >= length) {
      const all = Buffer.concat(parts);
      if (got > length) stream.unshift(all.subarray(length));
      return all.subarray(0, length);
    }
    if (part) continue;
    if (stream.readableEnded || stream.destroyed) return undefined;
    await readableOrEnded(stream);
  }
}

/** Resolves when the stream has something to read or has come to its end, however that came. */
export function readableOrEnded(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const name of EVENTS) stream.off(name, done);
      resolve();
    };
    for (const name of EVENTS) stream.on(name, done);
  });
}

const EVENTS = ['readable', 'end', 'close', 'error'] as const;
