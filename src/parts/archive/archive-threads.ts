import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { codeOf, EngineError } from '#base/errors.ts';
import { openPipe } from '#parts/host/pipe.ts';
import type { Change, LayeredTree } from './changes.ts';
import type { ArchiveJob, ArchiveMessage, ArchiveResult } from './messages.ts';
import type { PathFacts } from './path-facts.ts';
import type { RootView } from './root-view.ts';
import { Slots } from './slots.ts';
import type { WriteOptions } from './tree-writer.ts';

/** So many jobs at once, each with a thread of its own; a client that reads slowly keeps one. */
const THREADS = 16;

// Files are opened past Node, by openat2: its book of open files would only warn about them.
const WORKER_OPTIONS = { execArgv: ['--disable-warning=ExperimentalWarning'], trackUnmanagedFds: false };

/** An archive that is being written. */
export interface ArchiveStream {
  readonly archive: Readable;
  /** Resolves when nothing is read of the tree any more, however that ended; never rejects. */
  readonly ended: Promise<void>;
}

/** Reads and writes containers' files on threads, so that the engine's own thread keeps answering. */
export class ArchiveThreads {
  readonly #slots = new Slots(THREADS);
  readonly #onSkipped: (count: number) => void;

  /** @param onSkipped told how many files of a tree no archive can hold */
  constructor(onSkipped: (count: number) => void) {
    this.#onSkipped = onSkipped;
  }

  async changes(tree: LayeredTree, cancel: AbortSignal): Promise<readonly Change[]> {
    return (await this.#run({ kind: 'changes', tree }, cancel)) as readonly Change[];
  }

  /** What a container changed, as a layer of an image. */
  packLayer(tree: LayeredTree, cancel: AbortSignal): ArchiveStream {
    return this.#stream((output) => ({ kind: 'layer', tree, output }), cancel);
  }

  /** All files below a folder. */
  packRoot(root: string, cancel: AbortSignal): ArchiveStream {
    return this.#stream((output) => ({ kind: 'export', root, output }), cancel);
  }

  /** What a path in a container is. @throws {EngineError} `not-found` with the path for a message */
  async stat(view: RootView, rooted: string, cancel: AbortSignal): Promise<PathFacts> {
    return (await this.#run({ kind: 'stat', view, rooted }, cancel)) as PathFacts;
  }

  /** What a path in a container is, and what is there as an archive. `facts` rejects as `stat` does. */
  read(view: RootView, rooted: string, cancel: AbortSignal): ArchiveStream & { readonly facts: Promise<PathFacts> } {
    const facts = Promise.withResolvers<PathFacts>();
    const stream = this.#stream((output) => ({ kind: 'read', view, rooted, output }), cancel, facts.resolve);
    stream.archive.once('error', facts.reject);
    return { ...stream, facts: facts.promise };
  }

  /** Puts a tar into the folder that a path names. @throws {EngineError} in Docker's words */
  async write(view: RootView, { rooted, archive, options }: { readonly rooted: string; readonly archive: AsyncIterable<Uint8Array>; readonly options: WriteOptions }, cancel: AbortSignal): Promise<void> {
    const { readEnd, writeEnd } = openPipe();
    const input = new Socket({ fd: writeEnd, readable: false, writable: true });
    const failed = new AbortController();
    const either = AbortSignal.any([cancel, failed.signal]);
    const feeding = pipeline(archive, input).catch((thrown: unknown) => {
      // the thread must not take what came so far for the whole
      failed.abort(thrown);
      input.destroy();
    });
    try {
      await this.#run({ kind: 'write', view, rooted, input: readEnd, options }, either);
    } catch (thrown) {
      if (failed.signal.aborted && codeOf(failed.signal.reason) !== 'EPIPE') throw failed.signal.reason;
      throw thrown;
    } finally {
      closeSync(readEnd);
      input.destroy();
      await feeding;
    }
  }

  #stream(jobOf: (output: number) => ArchiveJob, cancel: AbortSignal, onFound?: (facts: PathFacts) => void): ArchiveStream {
    const { readEnd, writeEnd } = openPipe();
    const archive = new Socket({ fd: readEnd, readable: true, writable: false });
    archive.on('error', () => {}); // its reader is told by its own way to read
    const ended = this.#run(jobOf(writeEnd), cancel, onFound).then(
      (result) => {
        this.#count(result);
        closeSync(writeEnd); // only now does the reader see the end: half an archive must not look whole
      },
      (thrown: unknown) => {
        archive.destroy(thrown as Error);
        closeSync(writeEnd);
      },
    );
    return { archive, ended };
  }

  #count(result: ArchiveResult): void {
    if (result && 'skipped' in result && result.skipped > 0) this.#onSkipped(result.skipped);
  }

  async #run(job: ArchiveJob, cancel: AbortSignal, onFound: (facts: PathFacts) => void = () => {}): Promise<ArchiveResult> {
    using _slot = await this.#slots.take(cancel);
    const cancelled = new SharedArrayBuffer(4);
    const stop = (): void => void Atomics.store(new Int32Array(cancelled), 0, 1);
    cancel.addEventListener('abort', stop, { once: true });
    const worker = new Worker(workerFile(), WORKER_OPTIONS);
    try {
      const { promise, resolve, reject } = Promise.withResolvers<Exclude<ArchiveMessage, { type: 'found' }>>();
      worker.on('message', (message: ArchiveMessage) => (message.type === 'found' ? onFound(message.facts) : resolve(message)));
      worker.once('error', reject).once('exit', (code) => reject(new Error(`the archive thread ended with ${code}`)));
      worker.postMessage({ job, cancelled });
      const message = await promise;
      if (message.type === 'failed') throw errorOf(message);
      return message.value;
    } finally {
      cancel.removeEventListener('abort', stop);
      await worker.terminate();
    }
  }
}

// Beside the sources it is a source, beside the bundle a bundle (scripts/bundle.mjs).
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './archive-worker.mjs', import.meta.url);
}

function errorOf({ kind, code, message, stack }: Extract<ArchiveMessage, { type: 'failed' }>): Error {
  const error: NodeJS.ErrnoException = new Error(message);
  if (code !== undefined) error.code = code;
  if (kind) return new EngineError(kind, message, { cause: error });
  if (stack !== undefined) error.stack = stack;
  return error;
}
