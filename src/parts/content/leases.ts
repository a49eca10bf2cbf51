/**
 * Keeps what an operation in flight needs from being collected: blobs by digest, layers by chain id. Leases live in
 * memory alone: after a restart nothing is in flight, and what a killed operation has left is spared for its age
 * (`graceMs` of the collection), so that the next try finds it.
 */
export class Leases {
  readonly #holders = new Map<string, number>();

  take(): Lease {
    const keys = new Set<string>();
    let ended = false;
    return {
      protect: (...wanted) => {
        if (ended) throw new Error('a lease that has ended protects nothing');
        for (const key of wanted) {
          if (keys.has(key)) continue;
          keys.add(key);
          this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
        }
      },
      [Symbol.dispose]: () => {
        ended = true;
        for (const key of keys) this.#release(key);
        keys.clear();
      },
    };
  }

  holds(key: string): boolean {
    return this.#holders.has(key);
  }

  #release(key: string): void {
    const left = (this.#holders.get(key) ?? 1) - 1;
    if (left === 0) this.#holders.delete(key);
    else this.#holders.set(key, left);
  }
}

/** One operation's claim. Protect a digest first, then ask whether it is there. */
export interface Lease extends Disposable {
  protect(...keys: readonly string[]): void;
}
