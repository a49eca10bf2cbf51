import { fstatSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { LineDecoder } from './json-line.ts';
import type { LogEntry } from './log-entry.ts';

const CHUNK_BYTES = 256 * 1024;

/** For what trickles in once all that was there has been read. */
const TRICKLE_BYTES = 16 * 1024;

/** A line of the shim has at most six times 16 KiB and its attributes; anything beyond this is garbage and left out. */
const LINE_LIMIT_BYTES = 1024 * 1024;

/** Anything with positions to read from: an open file, or an unpacked one in memory. */
export interface LogSource {
  read(into: Buffer, position: number): Promise<number>;
  size(): Promise<number>;
}

/** Reads whole lines forward; a last line without its newline stays for the next call. */
export class LogReader {
  readonly #source: LogSource;
  readonly #decoder: LineDecoder;
  #position: number;
  #carry: Buffer = Buffer.alloc(0);
  #skipping = false;
  #chunkBytes = CHUNK_BYTES;

  constructor(source: LogSource, decoder: LineDecoder, position: number) {
    this.#source = source;
    this.#decoder = decoder;
    this.#position = position;
  }

  /** Where the entries that have been given end. */
  get position(): number {
    return this.#position - this.#carry.length;
  }

  /** The next entries; undefined at the end of what is there. May be empty where a chunk holds no whole line. */
  async next(): Promise<LogEntry[] | undefined> {
    const chunk = Buffer.allocUnsafeSlow(this.#carry.length + this.#chunkBytes);
    this.#carry.copy(chunk);
    const got = await this.#source.read(chunk.subarray(this.#carry.length), this.#position);
    this.#chunkBytes = got === this.#chunkBytes ? CHUNK_BYTES : TRICKLE_BYTES;
    if (got === 0) return undefined;
    this.#position += got;
    const filled = this.#carry.length + got;
    const end = chunk.subarray(0, filled).lastIndexOf(0x0a) + 1;
    const begin = this.#skipping && end > 0 ? chunk.indexOf(0x0a) + 1 : 0;
    this.#keep(chunk.subarray(end, filled), end > 0);
    return this.#decoder.decode(chunk.subarray(begin), end - begin);
  }

  #keep(rest: Buffer, sawNewline: boolean): void {
    if (sawNewline) this.#skipping = false;
    if (rest.length > LINE_LIMIT_BYTES) this.#skipping = true;
    this.#carry = this.#skipping ? Buffer.alloc(0) : Buffer.from(rest);
  }

  /** True, once, where the file has become shorter than what was read: somebody truncated it, and it begins anew. */
  async restartIfTruncated(): Promise<boolean> {
    if ((await this.#source.size()) >= this.#position) return false;
    this.#position = 0;
    this.#carry = Buffer.alloc(0);
    this.#skipping = false;
    return true;
  }
}

/** Reading an open file by position. */
export function fileSource(fd: number): LogSource {
  return {
    read: async (into, position) => (await readAt(fd, into, 0, into.length, position)).bytesRead,
    size: async () => fstatSync(fd).size,
  };
}

const readAt = promisify(read);

/** Reading bytes that are in memory, as a compressed file's. */
export function memorySource(bytes: Buffer): LogSource {
  return {
    read: (into, position) => Promise.resolve(position < bytes.length ? bytes.copy(into, 0, position) : 0),
    size: () => Promise.resolve(bytes.length),
  };
}

/** How many lines there are and where the last `wanted` of them begin. Reads backward and no further than it must. */
export async function findTail(source: LogSource, wanted: number): Promise<{ readonly position: number; readonly lines: number }> {
  const block = Buffer.allocUnsafeSlow(64 * 1024);
  let lines = -1; // the last newline closes the last whole line and begins none
  let end = await source.size();
  while (end > 0) {
    const begin = Math.max(0, end - block.length);
    const got = await source.read(block.subarray(0, end - begin), begin);
    for (let at = block.subarray(0, got).lastIndexOf(0x0a); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(0x0a, at - 1)) {
      lines += 1;
      if (lines === wanted) return { position: begin + at + 1, lines };
    }
    end = begin;
  }
  return { position: 0, lines: lines < 0 ? 0 : lines + 1 };
}
