import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { LineDecoder } from './json-line.ts';
import type { LogEntry } from './log-entry.ts';
import { identityNow, openLogFiles, type OpenLog } from './log-files.ts';
import { LogReader } from './log-reader.ts';

export interface FollowOptions {
  /** Fires when the container has ended and its log is whole; following stops after the last line. */
  readonly ended: AbortSignal;
}

/** setTimeout's bound. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Goes on reading a log while it is written: through rotation (the open file is read to its end, then its successors),
 * truncation (from the beginning again) and the container's end. Wakes by inotify alone. Make it before the first read,
 * so that no change falls between.
 */
export class LogFollower implements Disposable {
  readonly #path: string;
  readonly #stop: AbortSignal;
  readonly #ended: AbortSignal;
  readonly #watcher: FSWatcher;
  readonly #wakers: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #expired = false;
  #changed = true;
  #wake: () => void = () => {};

  constructor(path: string, { ended }: FollowOptions, untilNs: bigint | undefined, stop: AbortSignal) {
    this.#path = path;
    this.#ended = ended;
    this.#stop = stop;
    const name = basename(path);
    this.#watcher = watch(dirname(path), { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) this.#notify();
    });
    this.#watcher.on('error', () => this.#notify());
    for (const signal of [ended, stop]) {
      const waker = (): void => this.#notify();
      signal.addEventListener('abort', waker, { once: true });
      this.#wakers.push(() => signal.removeEventListener('abort', waker));
    }
    if (untilNs !== undefined) this.#expireAt(Number(untilNs / 1_000_000n));
  }

  #expireAt(ms: number): void {
    const left = ms - Date.now();
    if (left <= 0) {
      this.#expired = true;
      this.#notify();
      return;
    }
    this.#timer = setTimeout(() => this.#expireAt(ms), Math.min(left + 1, LONGEST_TIMER_MS));
  }

  #notify(): void {
    this.#changed = true;
    this.#wake();
  }

  /** Waits for the next change; at once where one came since the last wait. */
  async #change(): Promise<void> {
    if (!this.#changed) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#changed = false;
  }

  get #over(): boolean {
    return this.#ended.aborted || this.#expired;
  }

  /**
   * @param current the newest file, already read once through `reader`; undefined where there is none yet. It is closed here.
   */
  async *entries(current: OpenLog | undefined, reader: LogReader | undefined, decoder: LineDecoder): AsyncGenerator<LogEntry[]> {
    let file = current;
    let from = reader;
    try {
      while (!this.#stop.aborted) {
        // Asked before reading: what was written before the end is then read below.
        const last = this.#over;
        await this.#change();
        if (from) yield* this.#rest(from);
        for (const next of await this.#successors(file)) {
          if (from) yield* this.#rest(from); // written between the last read and the rename
          await file?.[Symbol.asyncDispose]();
          file = next;
          from = new LogReader(next.source, decoder, 0);
          yield* this.#rest(from);
        }
        if (last) return;
        if (this.#over) this.#changed = true;
      }
    } finally {
      await file?.[Symbol.asyncDispose]();
    }
  }

  async *#rest(reader: LogReader): AsyncGenerator<LogEntry[]> {
    for (;;) {
      const batch = await reader.next();
      if (this.#stop.aborted) return;
      if (batch) yield batch;
      else if (!(await reader.restartIfTruncated())) return;
    }
  }

  async #successors(current: OpenLog | undefined): Promise<OpenLog[]> {
    if (current && identityNow(this.#path) === current.identity) return [];
    return await openLogFiles(this.#path, current);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#watcher.close();
    for (const remove of this.#wakers) remove();
  }
}
