import type { ErrorKind } from '#base/errors.ts';
import type { Change, LayeredTree } from './changes.ts';

/** What an archive thread is to do. `output` and `input` are descriptors of pipes; who sent the job closes them. */
export type ArchiveJob =
  | { readonly kind: 'changes'; readonly tree: LayeredTree }
  | { readonly kind: 'layer'; readonly tree: LayeredTree; readonly output: number }
  | { readonly kind: 'export'; readonly root: string; readonly output: number };

export interface ArchiveRequest {
  readonly job: ArchiveJob;
  /** One number, not 0 once nobody waits for the answer any more. */
  readonly cancelled: SharedArrayBuffer;
}

/** How many files could not be put into an archive; what changed; nothing. */
export type ArchiveResult = { readonly skipped: number } | readonly Change[] | undefined;

export type ArchiveMessage =
  | { readonly type: 'done'; readonly value: ArchiveResult }
  | { readonly type: 'failed'; readonly kind: ErrorKind | undefined; readonly code: string | undefined; readonly message: string; readonly stack: string | undefined };
