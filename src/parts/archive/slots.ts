/** Lets a number of users in at once; the others wait in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Dispose it to let the next one in. */
  async take(cancel: AbortSignal): Promise<Disposable> {
    cancel.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(cancel);
    let given = false;
    return {
      [Symbol.dispose]: () => {
        if (given) return;
        given = true;
        const next = this.#waiting.shift();
        if (next) next();
        else this.#free++;
      },
    };
  }

  async #turn(cancel: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      const index = this.#waiting.indexOf(resolve);
      if (index < 0) return; // it is being let in this moment
      this.#waiting.splice(index, 1);
      reject(cancel.reason as Error);
    };
    this.#waiting.push(resolve);
    cancel.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      cancel.removeEventListener('abort', leave);
    }
  }
}
