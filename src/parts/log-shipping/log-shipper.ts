import type { LogSubject } from '#parts/logs/log-attrs.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import type { LogOptions } from '#parts/logs/log-settings.ts';

/** Carries one container's log to another system. The local file is already written when an entry arrives here. */
export interface LogShipper extends AsyncDisposable {
  /**
   * Resolves once the receiver has taken the batch; only then does the cursor move, so a crash sends it again.
   * Calls arrive in order, one at a time.
   *
   * @throws when the receiver is away or does not want it now: the same batch comes again after a pause
   */
  ship(batch: readonly LogEntry[], cancel: AbortSignal): Promise<void>;
  /**
   * For receivers that do not acknowledge: when the oldest batch was given (`performance.now`) of which nobody knows yet
   * whether it was read; undefined where all is known. The stored cursor stays before it.
   */
  unsettledSinceMs?(): number | undefined;
  /** At the log's end: makes known whether all was read. False where it was not, and has to be tried again. */
  settle?(cancel: AbortSignal): Promise<boolean>;
}

/** Whose log is shipped: what tags are made of and what drivers tell beside each line. */
export interface ShippingSubject extends LogSubject {
  readonly createdAt: Date;
  /** The program and its arguments, joined by blanks. */
  readonly command: string;
  /** The host's name. */
  readonly hostname: string;
}

/** One of Docker's drivers that carry logs away. */
export interface ShippingDriver {
  /** Throws an Error with dockerd's words for options that `create` refuses. */
  check(options: LogOptions): void;
  /** Throws an Error with dockerd's words for what the start refuses. Connects with the first batch only. */
  open(options: LogOptions, subject: ShippingSubject): LogShipper;
  /** Asks the receiver at the start where the driver promises that; throws what the start is to say. */
  verify?(options: LogOptions, subject: ShippingSubject): Promise<void>;
}

/** The line without its newline, and whether more of the same line follows. */
export function lineOf({ line }: LogEntry): { readonly text: Buffer; readonly partial: boolean } {
  const whole = line.at(-1) === 0x0a;
  return { text: whole ? line.subarray(0, -1) : line, partial: !whole };
}
