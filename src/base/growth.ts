const STATE = { growing: 0, ended: 1, failed: 2 } as const;
/** Where the numbers lie in the shared memory. */
const TURN = 0;
const WHAT = 1;
const LENGTH_AT_BYTE = 8;

/**
 * How much of a file has been written so far, shared between the thread that writes it and another that reads it
 * meanwhile. Made anew around the same `memory`, it is the same.
 */
export class Growth {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #length: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(LENGTH_AT_BYTE + 8)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, 2);
    this.#length = new BigInt64Array(memory, LENGTH_AT_BYTE, 1);
  }

  /** The writer: so many bytes can be read. */
  reached(bytes: number): void {
    Atomics.store(this.#length, 0, BigInt(bytes));
    this.#tell();
  }

  /** The writer: nothing more comes, all that was written can be read. */
  end(): void {
    Atomics.compareExchange(this.#numbers, WHAT, STATE.growing, STATE.ended);
    this.#tell();
  }

  /** The writer: it has given up. After the end it means nothing. */
  fail(): void {
    Atomics.compareExchange(this.#numbers, WHAT, STATE.growing, STATE.failed);
    this.#tell();
  }

  /** Bytes that can be read. */
  get length(): number {
    return Number(Atomics.load(this.#length, 0));
  }

  /**
   * The reader: waits until there is more than `bytes`, and blocks its thread meanwhile.
   *
   * @returns `more`, `end` where all has been read, `failed`, or `waiting` after `timeoutMs`
   */
  waitBeyond(bytes: number, timeoutMs: number): 'more' | 'end' | 'failed' | 'waiting' {
    const turn = Atomics.load(this.#numbers, TURN);
    const what = Atomics.load(this.#numbers, WHAT);
    if (what === STATE.failed) return 'failed';
    if (this.length > bytes) return 'more';
    if (what === STATE.ended) return 'end';
    Atomics.wait(this.#numbers, TURN, turn, timeoutMs);
    if (this.length > bytes) return 'more';
    return 'waiting';
  }

  #tell(): void {
    Atomics.add(this.#numbers, TURN, 1);
    Atomics.notify(this.#numbers, TURN);
  }
}
