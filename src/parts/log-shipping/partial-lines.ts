import { randomBytes } from 'node:crypto';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import { lineOf } from './log-shipper.ts';

export interface PartialFacts {
  readonly id: string;
  /** From 1. */
  readonly ordinal: number;
  readonly last: boolean;
}

/** Tells which entries are pieces of one long line, of each stream on its own. */
export class PartialLines {
  readonly #open = new Map<LogEntry['source'], { readonly id: string; ordinal: number }>();

  /** Undefined for a line that is whole. Call once per entry, in order. */
  next(entry: LogEntry): PartialFacts | undefined {
    const { partial } = lineOf(entry);
    const open = this.#open.get(entry.source);
    if (!partial && !open) return undefined;
    const { id, ordinal } = open ?? { id: randomBytes(32).toString('hex'), ordinal: 0 };
    if (partial) this.#open.set(entry.source, { id, ordinal: ordinal + 1 });
    else this.#open.delete(entry.source);
    return { id, ordinal: ordinal + 1, last: !partial };
  }
}
