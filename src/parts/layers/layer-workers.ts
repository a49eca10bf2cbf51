import { Worker } from 'node:worker_threads';
import { EngineError } from '#base/errors.ts';
import type { Answer, Answered, Job, Request } from './worker-messages.ts';
import type { Unpacked, UnpackJob } from './unpack.ts';

/** An idle thread goes after this long. */
const IDLE_MS = 10_000;

// Files are opened past Node, by openat2: its book of open files would only warn about them.
const WORKER_OPTIONS = { execArgv: ['--disable-warning=ExperimentalWarning'], trackUnmanagedFds: false };

interface Waiting {
  readonly job: Job;
  readonly cancel: AbortSignal | undefined;
  readonly done: PromiseWithResolvers<Answered>;
}

/** Unpacks and removes trees on threads of their own: at most `threads` at once, the others wait their turn. */
export class LayerWorkers implements AsyncDisposable {
  readonly #threads: number;
  readonly #idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];
  readonly #queue: Waiting[] = [];
  #running = 0;

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** Starts a thread that waits for work which is about to come, so that its start does not count. */
  warm(): void {
    if (this.#idle.length === 0 && this.#running < this.#threads) this.#rest(this.#newWorker());
  }

  /** @see unpack */
  async unpack(job: UnpackJob, cancel: AbortSignal): Promise<Unpacked> {
    const unpacked = await this.#do({ kind: 'unpack', ...job }, cancel);
    if (typeof unpacked !== 'object') throw new TypeError('the layer worker answered another question');
    return unpacked;
  }

  /** Removes a tree, however deep; one that is not there is no error. */
  async removeTree(path: string): Promise<void> {
    await this.#do({ kind: 'remove', path }, undefined);
  }

  /** Copies a stack of layers, the lowest first, into an empty folder. @see mergeTrees */
  async mergeTrees(layers: readonly string[], target: string): Promise<void> {
    await this.#do({ kind: 'merge', layers, target }, undefined);
  }

  /** Bytes of all files below a folder. @see treeSize */
  async measureTree(path: string): Promise<number> {
    const sizeBytes = await this.#do({ kind: 'measure', path }, undefined);
    if (typeof sizeBytes !== 'number') throw new TypeError('the layer worker answered another question');
    return sizeBytes;
  }

  /** Ends the threads that wait for work. Those that have some finish it first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { worker, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      await worker.terminate();
    }
  }

  async #do(job: Job, cancel: AbortSignal | undefined): Promise<Answered> {
    cancel?.throwIfAborted();
    const done = Promise.withResolvers<Answered>();
    this.#queue.push({ job, cancel, done });
    this.#next();
    return await done.promise;
  }

  #next(): void {
    if (this.#running >= this.#threads) return;
    const waiting = this.#queue.shift();
    if (!waiting) return;
    this.#running++;
    const idle = this.#idle.pop();
    if (idle) clearTimeout(idle.timer);
    const worker = idle?.worker ?? this.#newWorker();
    void this.#run(worker, waiting).finally(() => {
      this.#running--;
      this.#next();
    });
  }

  async #run(worker: Worker, { job, cancel, done }: Waiting): Promise<void> {
    const cancelled = new SharedArrayBuffer(4);
    const stop = (): void => void Atomics.store(new Int32Array(cancelled), 0, 1);
    if (cancel?.aborted) stop();
    cancel?.addEventListener('abort', stop, { once: true });
    worker.ref();
    try {
      const answer = await ask(worker, { job, cancelled });
      if (answer.ok) done.resolve(answer.value);
      else done.reject(cancel?.aborted ? (cancel.reason as Error) : errorOf(answer));
      this.#rest(worker);
    } catch (thrown) {
      done.reject(thrown);
      await worker.terminate();
    } finally {
      cancel?.removeEventListener('abort', stop);
    }
  }

  #newWorker(): Worker {
    const worker = new Worker(workerFile(), WORKER_OPTIONS);
    // Whoever has given it work meets its failure in `ask`; one that rests is only forgotten.
    worker.on('error', () => undefined);
    worker.once('exit', () => this.#forget(worker));
    return worker;
  }

  #forget(worker: Worker): void {
    const index = this.#idle.findIndex((each) => each.worker === worker);
    if (index >= 0) clearTimeout(this.#idle.splice(index, 1)[0]?.timer);
  }

  #rest(worker: Worker): void {
    worker.unref();
    const timer = setTimeout(() => {
      this.#forget(worker);
      void worker.terminate();
    }, IDLE_MS);
    timer.unref();
    this.#idle.push({ worker, timer });
  }
}

// Beside the sources it is a source, beside the bundle a bundle (scripts/bundle.mjs).
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './layer-worker.mjs', import.meta.url);
}

function ask(worker: Worker, request: Request): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const onExit = (code: number): void => reject(new Error(`the layer worker ended with ${code}`));
  // What cannot be sent throws here, before anyone listens.
  worker.postMessage(request);
  worker.once('message', resolve).once('error', reject).once('exit', onExit);
  return promise.finally(() => worker.off('message', resolve).off('error', reject).off('exit', onExit));
}

function errorOf({ kind, code, message, stack }: Extract<Answer, { ok: false }>): Error {
  const error: NodeJS.ErrnoException = new Error(message);
  if (code !== undefined) error.code = code;
  if (kind) return new EngineError(kind, message, { cause: error });
  if (stack !== undefined) error.stack = stack;
  return error;
}
