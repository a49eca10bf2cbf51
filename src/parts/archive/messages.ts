import type { ErrorKind } from '#base/errors.ts';
import type { Change, LayeredTree } from './changes.ts';
import type { PathFacts } from './path-facts.ts';
import type { RootView } from './root-view.ts';
import type { WriteOptions } from './tree-writer.ts';

/** What an archive thread is to do. `output` and `input` are descriptors of pipes; who sent the job closes them. */
export type ArchiveJob =
  | { readonly kind: 'changes'; readonly tree: LayeredTree }
  | { readonly kind: 'layer'; readonly tree: LayeredTree; readonly output: number }
  | { readonly kind: 'export'; readonly root: string; readonly output: number }
  | { readonly kind: 'stat'; readonly view: RootView; readonly rooted: string }
  | { readonly kind: 'read'; readonly view: RootView; readonly rooted: string; readonly output: number }
  | { readonly kind: 'write'; readonly view: RootView; readonly rooted: string; readonly input: number; readonly options: WriteOptions };

export interface ArchiveRequest {
  readonly job: ArchiveJob;
  /** One number, not 0 once nobody waits for the answer any more. */
  readonly cancelled: SharedArrayBuffer;
}

/** How many files could not be put into an archive; what changed; what a path is; nothing. */
export type ArchiveResult = { readonly skipped: number } | readonly Change[] | PathFacts | undefined;

export type ArchiveMessage =
  | { readonly type: 'found'; readonly facts: PathFacts }
  | { readonly type: 'done'; readonly value: ArchiveResult }
  | { readonly type: 'failed'; readonly kind: ErrorKind | undefined; readonly code: string | undefined; readonly message: string; readonly stack: string | undefined };
