import type { DatabaseSync } from 'node:sqlite';
import { type Log, silentLog } from '#base/log.ts';
import { transaction } from '#parts/records/database.ts';
import { matchesEvent, checkEventFilters } from './event-filter.ts';
import type { EngineEvent, Events } from './events.ts';

/** So many are kept; Docker keeps 256, in memory only. */
const KEPT = 100_000;
/** So many may wait for one slow reader before it is cut off, or for a disk that is full before the oldest are lost. */
const MAX_WAITING = 10_000;
const PAGE = 500;

type Unstored = Parameters<Events['publish']>[0];
type Query = Parameters<Events['watch']>[0];

/** Events in SQLite under a number that only grows. What one turn of the event loop publishes is written at once. */
export class EventLog implements Events {
  readonly #db: DatabaseSync;
  readonly #log: Log;
  readonly #readers = new Set<(event: EngineEvent) => void>();
  #sequence: number;
  #lastNs = 0n;
  #unwritten: EngineEvent[] = [];
  #writesSoon = false;

  constructor(db: DatabaseSync, log: Log = silentLog) {
    this.#db = db;
    this.#log = log;
    this.#sequence = Number(db.prepare('SELECT max(sequence) AS last FROM event').get()?.['last'] ?? 0);
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** How many there have ever been on this data root. */
  get published(): number {
    return this.#sequence;
  }

  publish(unstored: Unstored): void {
    const event: EngineEvent = { ...unstored, sequence: ++this.#sequence, timeNs: this.#now() };
    if (this.#unwritten.push(event) > MAX_WAITING) this.#unwritten.shift();
    this.#writeSoon();
    for (const tell of this.#readers) tell(event);
  }

  /**
   * Writes what has not been written yet. The daemon calls it once more before it stops.
   *
   * @throws the database's error; the events are kept then, and come with the next ones
   */
  flush(): void {
    const batch = this.#unwritten;
    if (batch.length === 0) return;
    transaction(this.#db, () => {
      const insert = this.#db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)');
      for (const { sequence, timeNs, type, action, actorId, attributes } of batch) {
        insert.run(sequence, timeNs, type, action, actorId, JSON.stringify(attributes));
      }
      this.#db.prepare('DELETE FROM event WHERE sequence <= ?').run(this.#sequence - KEPT);
    });
    this.#unwritten = [];
  }

  watch({ sinceNs, untilNs, filters }: Query, cancel: AbortSignal): AsyncIterable<EngineEvent> {
    checkEventFilters(filters);
    const stop = AbortSignal.any([cancel, ...untilSignal(untilNs)]);
    const fits = (event: EngineEvent): boolean => (untilNs === undefined || event.timeNs <= untilNs) && matchesEvent(event, filters);
    const live = new WaitingEvents(fits, stop);
    // first the subscription, then the look at what was: what comes in between is in the one or in the other
    this.#readers.add(live.tell);
    const past = sinceNs === undefined ? [] : this.#past(sinceNs, this.#sequence);
    stop.addEventListener('abort', () => this.#readers.delete(live.tell), { once: true });
    if (stop.aborted) this.#readers.delete(live.tell);
    const leave = (): void => void this.#readers.delete(live.tell);
    return (async function* () {
      try {
        for (const event of past) {
          if (untilNs !== undefined && event.timeNs > untilNs) break;
          if (fits(event)) yield event;
          if (cancel.aborted) return;
        }
        yield* live.read();
      } finally {
        leave();
      }
    })();
  }

  /** A full disk must not end the engine. */
  #writeSoon(): void {
    if (this.#writesSoon) return;
    this.#writesSoon = true;
    setImmediate(() => {
      this.#writesSoon = false;
      this.#tryFlush();
    });
  }

  #tryFlush(): void {
    try {
      this.flush();
    } catch (thrown) {
      this.#log.error('events could not be stored', { count: this.#unwritten.length, error: thrown });
    }
  }

  /** From a time up to a number, a page at a time: they may be many. */
  *#past(sinceNs: bigint, last: number): Generator<EngineEvent> {
    this.#tryFlush();
    const first = this.#db.prepare('SELECT sequence FROM event WHERE time_ns >= ? ORDER BY time_ns LIMIT 1').get(sinceNs);
    const select = this.#db.prepare('SELECT * FROM event WHERE sequence >= ? AND sequence <= ? ORDER BY sequence LIMIT ?');
    select.setReadBigInts(true);
    for (let next = Number(first?.['sequence'] ?? last + 1); ; ) {
      const rows = select.all(next, last, PAGE).map(fromRow);
      const isLast = rows.length < PAGE;
      next = (rows.at(-1)?.sequence ?? next - 1) + 1;
      const from = first ? next : 0;
      // taken in the same moment as the page, since they may be written in the next
      const rest = isLast ? this.#unwritten.filter(({ sequence, timeNs }) => sequence >= from && sequence <= last && timeNs >= sinceNs) : [];
      yield* rows;
      yield* rest;
      if (isLast) return;
    }
  }

  /** Never the same twice, so that `since` a seen event's time does not miss its neighbour. */
  #now(): bigint {
    const precise = performance.timeOrigin + performance.now();
    // the precise clock does not follow a correction of the system's: then the system's counts
    const ms = Math.abs(precise - Date.now()) > 5 ? Date.now() : precise;
    const now = BigInt(Math.round(ms * 1000)) * 1000n;
    this.#lastNs = now > this.#lastNs ? now : this.#lastNs + 1n;
    return this.#lastNs;
  }
}

/** What has happened and has not been read yet, for one reader. */
class WaitingEvents {
  readonly #fits: (event: EngineEvent) => boolean;
  readonly #stop: AbortSignal;
  #queue: EngineEvent[] = [];
  #overrun = false;
  #wake: () => void = () => {};

  constructor(fits: (event: EngineEvent) => boolean, stop: AbortSignal) {
    this.#fits = fits;
    this.#stop = stop;
  }

  readonly tell = (event: EngineEvent): void => {
    if (this.#overrun || !this.#fits(event)) return;
    if (this.#queue.push(event) > MAX_WAITING) this.#overrun = true;
    this.#wake();
  };

  /** Ends when told to stop and all is read, or when the reader is too slow. */
  async *read(): AsyncGenerator<EngineEvent> {
    this.#stop.addEventListener('abort', () => this.#wake(), { once: true });
    while (!this.#overrun) {
      const batch = this.#queue;
      this.#queue = [];
      yield* batch;
      if (this.#queue.length > 0) continue;
      if (this.#stop.aborted) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function fromRow(row: Record<string, unknown>): EngineEvent {
  return {
    sequence: Number(row['sequence']),
    timeNs: row['time_ns'] as bigint,
    type: row['type'] as EngineEvent['type'],
    action: row['action'] as string,
    actorId: row['actor_id'] as string,
    attributes: JSON.parse(row['attributes'] as string) as Record<string, string>,
  };
}

function untilSignal(untilNs: bigint | undefined): AbortSignal[] {
  if (untilNs === undefined) return [];
  const waitMs = Number(untilNs / 1_000_000n) - Date.now();
  if (waitMs <= 0) return [AbortSignal.abort()];
  // a timer takes 31 bits; who waits longer than that is cut off then
  return [AbortSignal.timeout(Math.min(waitMs, 2 ** 31 - 1))];
}
