import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { LineDecoder } from '#parts/logs/json-line.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import { type OpenLog, identityNow } from '#parts/logs/log-files.ts';
import { LogReader } from '#parts/logs/log-reader.ts';
import { type LogCursor, cursorAt, headOf, readCursor, writeCursor } from './log-cursor.ts';
import { RotationCount, countLines, isNew, openPieces } from './log-pieces.ts';
import type { LogShipper } from './log-shipper.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** While much is delivered the cursor is stored so often; whenever nothing is left to deliver, at once. */
const SAVE_EVERY_MS = 250;
/** So often it is asked whether the receiver has read what it does not acknowledge. */
const SETTLE_EVERY_MS = 1_000;

interface Parts {
  /** The newest file of the log. */
  readonly path: string;
  readonly cursorPath: string;
  readonly shipper: LogShipper;
  readonly log: Log;
  /** Lines went undelivered; undefined: nobody can say how many. */
  readonly onLost: (lines: number | undefined, since: string) => void;
}

/**
 * Follows one container's json-file log with a durable cursor and hands every entry to the shipper: in order, at least
 * once, across rotations, restarts of the receiver and of the engine. Begins at once; the folder must be there.
 */
export class LogShipment implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  readonly #decoder = new LineDecoder();
  readonly #rotations: RotationCount;
  readonly #watcher: FSWatcher;
  /** Resolves when all is delivered after the container's end, or when it was stopped. */
  readonly done: Promise<void>;
  /** How far entries were handed over; what is stored may be behind it. */
  #cursor: LogCursor | undefined;
  /** What was handed over since the cursor was stored, oldest first. */
  #handed: { readonly cursor: LogCursor; readonly givenMs: number }[] = [];
  #savedAtMs = 0;
  #caughtUp = false;
  #ended = false;
  #finished = false;
  #changed = true;
  #wake: () => void = () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#rotations = new RotationCount(parts.path);
    const name = basename(parts.path);
    this.#watcher = watch(dirname(parts.path), { persistent: false }, (what, changed) => {
      if (changed !== null && changed !== name) return;
      if (what === 'rename' && !this.#caughtUp) this.#count();
      this.#notify();
    });
    this.#watcher.on('error', () => this.#notify());
    this.done = this.#run();
  }

  /** The container has ended and its log is whole: deliver the rest, then be done. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** The container runs again; false where this one is done already and another has to be made. */
  resume(): boolean {
    if (!this.#finished) this.#ended = false;
    return !this.#finished;
  }

  /** Ends it within the time; what could not be delivered by then is reported as lost. For a log that will be removed. */
  async drain(limitMs: number): Promise<void> {
    this.end();
    await Promise.race([this.done, pause(limitMs, undefined, { ref: false })]);
    if (this.#finished) return;
    await this[Symbol.asyncDispose]();
    await using pieces = await openPieces(this.#parts.path, this.#cursor);
    let lines = 0;
    for (const [index, { source }] of pieces.files.entries()) lines += await countLines(source, index === 0 ? pieces.offset : 0);
    if (lines > 0) this.#parts.onLost(lines, this.#cursor?.time ?? '');
  }

  /** Stops where it is. The cursor stays, so that another goes on from there. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#notify();
    await this.done;
  }

  async #run(): Promise<void> {
    const { path, cursorPath, log } = this.#parts;
    try {
      this.#cursor = await readCursor(cursorPath);
      for (let pass = 0; !this.#stop.signal.aborted && !this.#finished; pass++) await this.#pass(pass === 0);
    } catch (thrown) {
      if (!this.#stop.signal.aborted) log.error('a log is delivered no further', { path, error: thrown });
    } finally {
      this.#finished = true;
      this.#watcher.close();
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    const { path, shipper, log } = this.#parts;
    try {
      await shipper[Symbol.asyncDispose]();
      await this.#save(); // an orderly end makes known what was read
    } catch (thrown) {
      log.warn('a logging driver could not be closed', { path, error: messageOf(thrown) });
    }
  }

  /** From the cursor through all the files there are, and along with the newest until it is rotated away. */
  async #pass(first: boolean): Promise<void> {
    const ended = this.#ended;
    this.#changed = false;
    await using pieces = await openPieces(this.#parts.path, this.#cursor);
    this.#rotations.markDelivered(pieces.delivered);
    await this.#reportLost(pieces, first);
    const newest = pieces.files.at(-1);
    for (const [index, file] of pieces.files.entries()) {
      const reader = new LogReader(file.source, this.#decoder, index === 0 ? pieces.offset : 0);
      const after = index === 0 && !pieces.found ? this.#cursor : undefined;
      await this.#pour(file, reader, after);
      if (file === newest) await this.#stay(file, reader);
      this.#rotations.markDelivered([await headOf(file.source, Number.POSITIVE_INFINITY)]);
    }
    await this.#save();
    if (!newest && ended) this.#finished = true;
    else if (!newest) await this.#change();
  }

  async #reportLost({ files, found }: { readonly files: readonly OpenLog[]; readonly found: boolean }, first: boolean): Promise<void> {
    const lines = await this.#rotations.lost(files);
    if (lines > 0 || (!found && first)) this.#parts.onLost(lines > 0 ? lines : undefined, this.#cursor?.time ?? '');
  }

  /** Delivers along with the writer; returns when another file stands at the path and this one is read to its end. */
  async #stay(file: OpenLog, reader: LogReader): Promise<void> {
    for (;;) {
      const ended = this.#ended; // asked before reading: what was written before the end is then read below
      const moved = identityNow(this.#parts.path) !== file.identity;
      do await this.#pour(file, reader, undefined);
      while (await reader.restartIfTruncated());
      if (moved) return;
      await this.#save();
      if (ended && identityNow(this.#parts.path) === file.identity && (await this.#settled())) {
        // it may run again since it was asked
        if (!this.#ended) continue;
        this.#finished = true;
        return;
      }
      this.#caughtUp = true;
      await this.#change();
      this.#caughtUp = false;
    }
  }

  async #settled(): Promise<boolean> {
    const { shipper } = this.#parts;
    if (!shipper.settle) return true;
    const settled = await shipper.settle(this.#stop.signal);
    if (!settled) await pause(SETTLE_EVERY_MS, undefined, { signal: this.#stop.signal });
    this.#changed = true;
    return settled;
  }

  async #pour(file: OpenLog, reader: LogReader, after: LogCursor | undefined): Promise<void> {
    for (let batch = await reader.next(); batch; batch = await reader.next()) {
      const wanted = after ? batch.filter(({ time }) => isNew(time, after)) : batch;
      const last = wanted.at(-1);
      if (!last) continue;
      const givenMs = performance.now();
      await this.#ship(wanted);
      this.#cursor = await cursorAt(file.source, reader.position, last.time);
      this.#handed.push({ cursor: this.#cursor, givenMs });
      if (performance.now() - this.#savedAtMs > SAVE_EVERY_MS) await this.#save();
    }
  }

  /** Tries until the receiver has it; throws only where this is stopped. */
  async #ship(batch: readonly LogEntry[]): Promise<void> {
    const { shipper, log, path } = this.#parts;
    const cancel = this.#stop.signal;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      cancel.throwIfAborted();
      try {
        await shipper.ship(batch, cancel);
        if (pauseMs > FIRST_PAUSE_MS) log.info('a log is delivered again', { path });
        return;
      } catch (thrown) {
        cancel.throwIfAborted();
        if (pauseMs === FIRST_PAUSE_MS) log.warn('a log cannot be delivered now: it is tried again', { path, error: messageOf(thrown) });
        this.#count();
      }
      // spread, so that a receiver that comes back is not run over by all at once
      await pause(pauseMs * (0.75 + Math.random() / 2), undefined, { signal: cancel });
    }
  }

  #count(): void {
    this.#rotations.look().catch((thrown: unknown) => this.#parts.log.warn('rotated files could not be counted', { path: this.#parts.path, error: messageOf(thrown) }));
  }

  async #save(): Promise<void> {
    const since = this.#parts.shipper.unsettledSinceMs?.() ?? Number.POSITIVE_INFINITY;
    const known = this.#handed.findLastIndex(({ givenMs }) => givenMs < since);
    const cursor = this.#handed[known]?.cursor;
    if (!cursor) return;
    this.#handed.splice(0, known + 1);
    await writeCursor(this.#parts.cursorPath, cursor);
    this.#savedAtMs = performance.now();
  }

  #notify(): void {
    this.#changed = true;
    this.#wake();
  }

  async #change(): Promise<void> {
    // what was not known to be read becomes so with time
    const timer = this.#handed.length > 0 ? setTimeout(() => this.#notify(), SETTLE_EVERY_MS) : undefined;
    if (!this.#changed) await new Promise<void>((resolve) => (this.#wake = resolve));
    clearTimeout(timer);
    this.#changed = false;
    this.#stop.signal.throwIfAborted();
  }
}
