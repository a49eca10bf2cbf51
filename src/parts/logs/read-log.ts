import { LineDecoder } from './json-line.ts';
import type { LogEntry, LogQuery } from './log-entry.ts';
import { LogFollower, type FollowOptions } from './log-follower.ts';
import { openLogFiles, type OpenLog } from './log-files.ts';
import { findTail, LogReader } from './log-reader.ts';
import { isBefore, timeText } from './log-time.ts';

/**
 * The entries of a json-file log in batches, oldest first, across its rotated files. `tail` counts first and the other
 * conditions choose among those, as with Docker. Lines that are no log lines are left out. A file that is not there is
 * an empty log.
 *
 * With `follow` it goes on until the container has ended, the bound `untilNs` has passed, or `cancel` fires; all three
 * end it without an error, and without losing what was written before.
 */
export async function* readLog(path: string, query: LogQuery, options: FollowOptions, cancel: AbortSignal): AsyncGenerator<readonly LogEntry[], void, undefined> {
  const wanted = new EntryFilter(query);
  using follower = query.follow ? new LogFollower(path, options, query.untilNs, cancel) : undefined;
  const decoder = new LineDecoder();
  const files = await openLogFiles(path);
  try {
    const starts = await startsOf(files, query.tail);
    let last: LogReader | undefined;
    for (const [index, file] of files.entries()) {
      const position = starts[index];
      if (position === undefined) continue;
      last = new LogReader(file.source, decoder, position);
      yield* entriesOf(last, wanted, cancel);
      if (wanted.past) return;
    }
    if (!follower) return;
    for await (const batch of follower.entries(files.pop(), last, decoder)) {
      const kept = wanted.choose(batch);
      if (kept.length > 0) yield kept;
      if (wanted.past) return;
    }
  } finally {
    for (const file of files) await file[Symbol.asyncDispose]();
  }
}

async function* entriesOf(reader: LogReader, wanted: EntryFilter, cancel: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
  for (let batch = await reader.next(); batch && !cancel.aborted; batch = await reader.next()) {
    const kept = wanted.choose(batch);
    if (kept.length > 0) yield kept;
    if (wanted.past) return;
  }
}

/** Where to begin in each file; undefined where the tail begins in a later one. */
async function startsOf(files: readonly OpenLog[], tail: number | undefined): Promise<(number | undefined)[]> {
  if (tail === undefined) return files.map(() => 0);
  const starts: (number | undefined)[] = files.map(() => undefined);
  let missing = tail;
  for (const [index, file] of [...files.entries()].reverse()) {
    const { position, lines } = await findTail(file.source, missing);
    starts[index] = position;
    missing -= lines;
    if (missing <= 0) break;
  }
  return starts;
}

class EntryFilter {
  readonly #query: LogQuery;
  readonly #since: string | undefined;
  readonly #until: string | undefined;
  /** An entry later than the bound has come: nothing more is wanted. */
  past = false;

  constructor(query: LogQuery) {
    this.#query = query;
    this.#since = query.sinceNs === undefined ? undefined : timeText(query.sinceNs);
    this.#until = query.untilNs === undefined ? undefined : timeText(query.untilNs);
  }

  choose(entries: readonly LogEntry[]): readonly LogEntry[] {
    const { stdout, stderr } = this.#query;
    if (stdout && stderr && this.#since === undefined && this.#until === undefined) return entries;
    return entries.filter((entry) => (entry.source === 'stdout' ? stdout : stderr) && this.#inTime(entry.time));
  }

  #inTime(time: string): boolean {
    if (this.#until !== undefined && isBefore(this.#until, time)) this.past = true;
    return !this.past && (this.#since === undefined || !isBefore(time, this.#since));
  }
}
