import { Transform, type TransformCallback } from 'node:stream';

const HEADER_BYTES = 8;
const STDERR = 2;

/** Reads frames of output and passes on the wanted ones: as frames, or (`raw`, for a terminal) only what is in them. */
export class FrameFilter extends Transform {
  readonly #raw: boolean;
  readonly #stdout: boolean;
  readonly #stderr: boolean;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #left = 0;
  #wanted = false;

  constructor(options: { readonly raw: boolean; readonly stdout: boolean; readonly stderr: boolean }) {
    super();
    this.#raw = options.raw;
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at, at + HEADER_BYTES - this.#headerFilled);
        at += taken;
        this.#headerFilled += taken;
        if (this.#headerFilled === HEADER_BYTES) this.#begin();
        continue;
      }
      const piece = chunk.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#wanted) this.push(piece);
    }
    done();
  }

  #begin(): void {
    this.#headerFilled = 0;
    this.#left = this.#header.readUInt32BE(4);
    this.#wanted = this.#header[0] === STDERR ? this.#stderr : this.#stdout;
    if (this.#wanted && !this.#raw) this.push(Buffer.from(this.#header));
  }
}
