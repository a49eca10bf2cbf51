import type { Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const CHUNK_LINE_LIMIT_BYTES = 4096;

/** The bytes of a socket, taken piece by piece; what was read too far waits for the next taker. */
export class SocketSource {
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#pieces = socket.iterator({ destroyOnReturn: false });
  }

  /** What is there, at least one byte; undefined once the other side has closed. */
  async some(): Promise<Buffer | undefined> {
    if (this.#held.length > 0) return this.#release();
    const next = await this.#pieces.next();
    return next.done === true ? undefined : next.value;
  }

  /** Gives back what the last taker did not use. */
  giveBack(rest: Buffer): void {
    this.#held = this.#held.length === 0 ? rest : Buffer.concat([rest, this.#held]);
  }

  /** The text up to the blank line after an HTTP head; interim answers (100) are passed over. */
  async head(limitBytes: number): Promise<string> {
    for (;;) {
      const text = await this.#until(HEAD_END, limitBytes);
      if (!/^HTTP\/1\.[01] 100/.test(text)) return text;
    }
  }

  async line(): Promise<string> {
    return await this.#until(LINE_END, CHUNK_LINE_LIMIT_BYTES);
  }

  /** Everything until the other side closes. */
  async *rest(): AsyncGenerator<Buffer> {
    for (let piece = await this.some(); piece !== undefined; piece = await this.some()) yield piece;
  }

  async #until(end: Buffer, limitBytes: number): Promise<string> {
    let seen: Buffer = this.#release();
    for (;;) {
      const at = seen.indexOf(end);
      if (at !== -1) {
        this.giveBack(seen.subarray(at + end.length));
        return seen.toString('latin1', 0, at);
      }
      if (seen.length > limitBytes) throw new Error('the answer has a head that is too long');
      const piece = await this.some();
      if (piece === undefined) throw new UnexpectedEnd();
      seen = seen.length === 0 ? piece : Buffer.concat([seen, piece]);
    }
  }

  #release(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }
}

/** The other side closed before its message was complete. */
export class UnexpectedEnd extends Error {
  static {
    this.prototype.name = 'UnexpectedEnd';
  }

  constructor() {
    super('unexpected EOF');
  }
}

/** A body of known length. @throws {UnexpectedEnd} where it comes up short */
export async function* fixedBody(source: SocketSource, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0; ) {
    const piece = await source.some();
    if (piece === undefined) throw new UnexpectedEnd();
    if (piece.length > left) source.giveBack(piece.subarray(left));
    const own = piece.subarray(0, left);
    left -= own.length;
    yield own;
  }
}

/** A body in chunks (RFC 9112, 7.1); trailers are read and dropped. @throws {UnexpectedEnd} where the last chunk is missing */
export async function* chunkedBody(source: SocketSource): AsyncGenerator<Buffer> {
  for (;;) {
    const size = Number.parseInt(await source.line(), 16);
    if (!Number.isSafeInteger(size) || size < 0) throw new Error('the answer has a malformed chunk');
    if (size === 0) break;
    yield* fixedBody(source, size);
    await source.line();
  }
  while ((await source.line()) !== '');
}
