import { untilAborted } from '#base/keyed-lock.ts';

/** So many at once, the others in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: PromiseWithResolvers<void>[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** True where the next one would have to wait. */
  get areTaken(): boolean {
    return this.#free === 0;
  }

  /** Waits for a slot; it is free again when the returned value is disposed. */
  async take(cancel: AbortSignal): Promise<Disposable> {
    cancel.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(cancel);
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#giveOn();
        isTaken = false;
      },
    };
  }

  async #turn(cancel: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn);
    try {
      await untilAborted(turn.promise, cancel);
    } catch (thrown) {
      const index = this.#waiting.indexOf(turn);
      // The slot may have come together with the cancel: then it goes to the next.
      if (index >= 0) this.#waiting.splice(index, 1);
      else this.#giveOn();
      throw thrown;
    }
  }

  #giveOn(): void {
    const next = this.#waiting.shift();
    if (next) next.resolve();
    else this.#free += 1;
  }
}
