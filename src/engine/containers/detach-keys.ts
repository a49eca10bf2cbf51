import { EngineError } from '#base/errors.ts';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/**
 * Turns `ctrl-p,ctrl-q` into the bytes a terminal sends for it; empty text is no keys.
 *
 * @throws {EngineError} `invalid` in Docker's words
 */
export function parseDetachKeys(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  return Buffer.from(text.split(',').map((key) => byteOf(key, text)));
}

function byteOf(key: string, whole: string): number {
  if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
  const control = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key)?.[1];
  if (control === undefined) throw new EngineError('invalid', `Invalid detach keys (${whole}) provided`);
  return control.toLowerCase() === control && /[a-z]/.test(control) ? control.charCodeAt(0) - 96 : control.toUpperCase().charCodeAt(0) - 64;
}

/** Looks for the keys in what a client types. What might be their beginning is held back until it is clear. */
export class DetachScanner {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** What is to be passed on, and whether the keys were complete; nothing behind them is passed on. */
  push(chunk: Buffer): { pass: Buffer; detached: boolean } {
    const keys = this.#keys;
    if (keys.length === 0) return { pass: chunk, detached: false };
    const pass: number[] = [];
    for (const byte of chunk) {
      if (byte !== keys[this.#matched] && this.#matched > 0) {
        pass.push(...keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== keys[this.#matched]) pass.push(byte);
      else if (++this.#matched === keys.length) return { pass: Buffer.from(pass), detached: true };
    }
    return { pass: Buffer.from(pass), detached: false };
  }
}
