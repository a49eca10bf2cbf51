import { type OpenLog, openLogFiles } from '#parts/logs/log-files.ts';
import type { LogSource } from '#parts/logs/log-reader.ts';
import { isBefore } from '#parts/logs/log-time.ts';
import { type LogCursor, headOf, isAt } from './log-cursor.ts';

/** A log's files from where delivery goes on, oldest first, open. */
export interface Pieces extends AsyncDisposable {
  readonly files: readonly OpenLog[];
  /** Where to go on in the first one. */
  readonly offset: number;
  /** True where the cursor's file is still there, so that nothing was overtaken. */
  readonly found: boolean;
  /** Names (`headOf`) of the files before, which are delivered. */
  readonly delivered: readonly string[];
}

/** Opens what is left to deliver. Where the cursor's file is gone, that is what was written to since the cursor's time. */
export async function openPieces(path: string, cursor: LogCursor | undefined): Promise<Pieces> {
  const all = await openLogFiles(path);
  let first = 0;
  let found = cursor === undefined;
  for (const [index, file] of cursor ? [...all.entries()].reverse() : []) {
    if (cursor && (await isAt(cursor, file.source))) {
      first = index;
      found = true;
      break;
    }
  }
  if (cursor && !found) first = await firstSince(all, cursor.time);
  const delivered: string[] = [];
  for (const file of all.slice(0, first)) {
    delivered.push(await headOf(file.source, Number.POSITIVE_INFINITY));
    await file[Symbol.asyncDispose]();
  }
  const files = all.slice(first);
  return {
    files, found, delivered,
    offset: cursor && found ? cursor.offset : 0,
    [Symbol.asyncDispose]: async () => {
      for (const file of files) await file[Symbol.asyncDispose]();
    },
  };
}

async function firstSince(files: readonly OpenLog[], time: string): Promise<number> {
  const since = BigInt(Date.parse(time)) * 1_000_000n;
  for (const [index, file] of files.entries()) if ((await file.modifiedNs()) >= since) return index;
  return files.length;
}

/** True where an entry is newer than what the cursor says is delivered. */
export function isNew(time: string, cursor: LogCursor): boolean {
  return isBefore(cursor.time, time);
}

/** So many delivered files are remembered; more than a log has parts. */
const REMEMBERED = 1000;

/** Counts the lines of files that rotation moves on while nobody takes them, so that it is known how many were lost. */
export class RotationCount {
  readonly #path: string;
  /** Lines by the file's beginning. */
  readonly #waiting = new Map<string, number>();
  readonly #delivered = new Set<string>();
  #counting: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** These files are delivered, or their rest is at hand: they do not count. */
  markDelivered(heads: readonly string[]): void {
    for (const head of heads) {
      this.#delivered.delete(head);
      this.#delivered.add(head);
    }
    for (const oldest of this.#delivered) {
      if (this.#delivered.size <= REMEMBERED) break;
      this.#delivered.delete(oldest);
    }
  }

  /** Looks at what is there now; calls during a look join it. */
  look(): Promise<void> {
    this.#counting ??= this.#look().finally(() => (this.#counting = undefined));
    return this.#counting;
  }

  async #look(): Promise<void> {
    const files = await openLogFiles(this.#path);
    try {
      for (const file of files.slice(0, -1)) {
        const head = await headOf(file.source, Number.POSITIVE_INFINITY);
        if (!this.#waiting.has(head) && !this.#delivered.has(head)) this.#waiting.set(head, await countLines(file.source));
      }
    } finally {
      for (const file of files) await file[Symbol.asyncDispose]();
    }
  }

  /** What was seen and went without having been read: takes the files that are still there out of the count. */
  async lost(present: readonly OpenLog[]): Promise<number> {
    await this.#counting;
    for (const { source } of present) this.#waiting.delete(await headOf(source, Number.POSITIVE_INFINITY));
    let lines = 0;
    for (const [head, count] of this.#waiting) if (!this.#delivered.has(head)) lines += count;
    this.#waiting.clear();
    return lines;
  }
}

/** The lines from `begin` on. */
export async function countLines(source: LogSource, begin = 0): Promise<number> {
  const block = Buffer.allocUnsafeSlow(256 * 1024);
  let lines = 0;
  for (let position = begin; ; ) {
    const got = await source.read(block, position);
    if (got === 0) return lines;
    position += got;
    const filled = block.subarray(0, got);
    for (let at = filled.indexOf(0x0a); at >= 0; at = filled.indexOf(0x0a, at + 1)) lines += 1;
  }
}
