import type { ErrorKind } from '#base/errors.ts';
import type { Unpacked, UnpackJob } from './unpack.ts';

/** What the engine's thread asks of a layer worker. */
export type Job = ({ readonly kind: 'unpack' } & UnpackJob) | { readonly kind: 'remove' | 'measure'; readonly path: string } | { readonly kind: 'merge'; readonly layers: readonly string[]; readonly target: string };

export interface Request {
  readonly job: Job;
  /** One number, not 0 once nobody waits for the answer any more. */
  readonly cancelled: SharedArrayBuffer;
}

/** An unpacked layer, a size in bytes, nothing: as the job's kind asks. */
export type Answered = Unpacked | number | undefined;

export type Answer =
  | { readonly ok: true; readonly value: Answered }
  | { readonly ok: false; readonly kind: ErrorKind | undefined; readonly code: string | undefined; readonly message: string; readonly stack: string | undefined };
