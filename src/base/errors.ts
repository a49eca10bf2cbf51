/** What the caller can do about a failure. The API turns each kind into one HTTP status (`api/status.ts`). */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'not-modified'
  | 'unavailable'
  | 'not-implemented'
  | 'internal';

/** A failure whose message is written for the user. Any other thrown value is a bug and answers 500. */
export class EngineError extends Error {
  static {
    this.prototype.name = 'EngineError';
  }
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The text of anything that was thrown, for a log line or the tail of a longer message. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's error code (`ENOENT`, `EBUSY`, …) of a thrown value; undefined where it bears none. */
export function codeOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** True where `thrown` is an EngineError of that kind. */
export function isKind(thrown: unknown, kind: ErrorKind): thrown is EngineError {
  return thrown instanceof EngineError && thrown.kind === kind;
}
