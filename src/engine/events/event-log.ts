import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { unsyncedTransaction } from '#parts/records/database.ts';
import { matchesEvent, checkEventFilters } from './event-filter.ts';
import type { EngineEvent, Events } from './events.ts';

/** So many are kept; Docker keeps 256, in memory only. */
const KEPT = 100_000;
/** So many may wait for one slow reader before it is cut off. */
const MAX_WAITING = 10_000;

type Unstored = Parameters<Events['publish']>[0];

/** Events in SQLite under a number that only grows. What one turn of the event loop publishes is written at once. */
export class EventLog implements Events {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #forget: StatementSync;
  readonly #readers = new Set<(event: EngineEvent) => void>();
  #sequence: number;
  #lastNs = 0n;
  #unwritten: EngineEvent[] = [];

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)');
    this.#forget = db.prepare('DELETE FROM event WHERE sequence <= ?');
    this.#sequence = Number(db.prepare('SELECT max(sequence) AS last FROM event').get()?.['last'] ?? 0);
  }

  /** How many there have ever been on this data root. */
  get published(): number {
    return this.#sequence;
  }

  get readers(): number {
    return this.#readers.size;
  }

  publish(unstored: Unstored): void {
    const event: EngineEvent = { ...unstored, sequence: ++this.#sequence, timeNs: this.#now() };
    if (this.#unwritten.push(event) === 1) setImmediate(() => this.flush());
    for (const tell of this.#readers) tell(event);
  }

  /** Writes what has not been written yet. The daemon calls it once more before it stops. */
  flush(): void {
    const batch = this.#unwritten;
    if (batch.length === 0) return;
    this.#unwritten = [];
    unsyncedTransaction(this.#db, () => {
      for (const { sequence, timeNs, type, action, actorId, attributes } of batch) {
        this.#insert.run(sequence, timeNs, type, action, actorId, JSON.stringify(attributes));
      }
      this.#forget.run(this.#sequence - KEPT);
    });
  }

  watch(query: Parameters<Events['watch']>[0], cancel: AbortSignal): AsyncIterable<EngineEvent> {
    checkEventFilters(query.filters);
    const { sinceNs, untilNs, filters } = query;
    const past = sinceNs === undefined ? [] : this.#stored(sinceNs, untilNs).filter((event) => matchesEvent(event, filters));
    const queue: EngineEvent[] = [...past];
    let wake: (() => void) | undefined;
    let overrun = false;
    const stop = AbortSignal.any([cancel, ...untilSignal(untilNs)]);
    const tell = (event: EngineEvent): void => {
      if (!matchesEvent(event, filters) || (untilNs !== undefined && event.timeNs > untilNs)) return;
      if (queue.push(event) > MAX_WAITING + past.length) overrun = true;
      wake?.();
    };
    const readers = this.#readers;
    readers.add(tell);
    stop.addEventListener('abort', () => wake?.(), { once: true });
    return (async function* () {
      try {
        while (!overrun) {
          const event = queue.shift();
          if (event) {
            yield event;
            continue;
          }
          if (stop.aborted) return;
          await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        readers.delete(tell);
      }
    })();
  }

  #stored(sinceNs: bigint, untilNs: bigint | undefined): EngineEvent[] {
    this.flush();
    const select = this.#db.prepare('SELECT * FROM event WHERE time_ns >= ? AND time_ns <= ? ORDER BY sequence');
    select.setReadBigInts(true);
    return select.all(sinceNs, untilNs ?? 2n ** 62n).map((row) => ({
      sequence: Number(row['sequence']),
      timeNs: row['time_ns'] as bigint,
      type: row['type'] as EngineEvent['type'],
      action: row['action'] as string,
      actorId: row['actor_id'] as string,
      attributes: JSON.parse(row['attributes'] as string) as Record<string, string>,
    }));
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

function untilSignal(untilNs: bigint | undefined): AbortSignal[] {
  if (untilNs === undefined) return [];
  const waitMs = Number(untilNs / 1_000_000n) - Date.now();
  if (waitMs <= 0) return [AbortSignal.abort()];
  // a timer takes 31 bits; who waits longer than that is cut off then
  return [AbortSignal.timeout(Math.min(waitMs, 2 ** 31 - 1))];
}
