import { writeSync } from 'node:fs';
import type { TarEntry } from '#parts/tar/entry.ts';
import { END_OF_ARCHIVE, paddingOf, tarHeader } from '#parts/tar/writer.ts';

const BUFFER_BYTES = 256 * 1024;

/** Writes a tar archive into a descriptor, a pipe as a rule; it waits there for the reader, so it belongs in a thread. */
export class TarOutput {
  readonly #fd: number;
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #filled = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  header(entry: TarEntry): void {
    this.#put(tarHeader(entry));
  }

  /** A file's data: exactly as much as its header says. What `read` brings less is made up with zeros. */
  data(sizeBytes: number, read: (into: Buffer) => number): void {
    let left = sizeBytes;
    while (left > 0) {
      if (this.#filled === BUFFER_BYTES) this.#flush();
      const count = read(this.#buffer.subarray(this.#filled, Math.min(BUFFER_BYTES, this.#filled + left)));
      if (count === 0) break;
      this.#filled += count;
      left -= count;
    }
    this.#zeros(left + paddingOf(sizeBytes));
  }

  finish(): void {
    this.#put(END_OF_ARCHIVE);
    this.#flush();
  }

  #zeros(count: number): void {
    for (let left = count; left > 0; ) {
      if (this.#filled === BUFFER_BYTES) this.#flush();
      const end = Math.min(BUFFER_BYTES, this.#filled + left);
      this.#buffer.fill(0, this.#filled, end);
      left -= end - this.#filled;
      this.#filled = end;
    }
  }

  #put(bytes: Uint8Array): void {
    if (this.#filled + bytes.length > BUFFER_BYTES) this.#flush();
    if (bytes.length > BUFFER_BYTES) return this.#write(bytes);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #flush(): void {
    this.#write(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done, bytes.length - done);
  }
}
