/** One turn at a time per key, first come first served. Different keys do not wait for one another. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Waits for the key's turn. The turn ends when the returned value is disposed.
   *
   * @throws the reason of `cancel`, when it fires first; the place in the queue is then given up
   */
  async hold(key: string, cancel?: AbortSignal): Promise<Disposable> {
    cancel?.throwIfAborted();
    const before = this.#tails.get(key) ?? Promise.resolve();
    const turn = Promise.withResolvers<void>();
    const tail = before.then(() => turn.promise);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      await untilAborted(before, cancel);
    } catch (thrown) {
      turn.resolve();
      throw thrown;
    }
    return { [Symbol.dispose]: () => turn.resolve() };
  }
}

/** Waits for `promise`, or throws the reason of `cancel` when that comes first. The promise itself goes on. */
export async function untilAborted<T>(promise: Promise<T>, cancel?: AbortSignal): Promise<T> {
  if (!cancel) return promise;
  cancel.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(cancel.reason as Error);
  cancel.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    cancel.removeEventListener('abort', onAbort);
  }
}
