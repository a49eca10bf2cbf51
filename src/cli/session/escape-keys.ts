import { CommandFailure } from '../command.ts';

/** What detaches from a terminal unless a flag or the client's file says otherwise. */
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

const CONTROL: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/**
 * The bytes of a sequence such as `ctrl-p,ctrl-q` or `ctrl-a,d`.
 *
 * @throws {CommandFailure} with Docker's words for a key that does not exist
 */
export function parseDetachKeys(text: string): readonly number[] {
  return (text || DEFAULT_DETACH_KEYS).split(',').map((key) => {
    const control = key.startsWith('ctrl-') ? key.slice('ctrl-'.length) : undefined;
    if (control === undefined && key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
    if (control !== undefined && /^[a-zA-Z]$/.test(control)) return control.toLowerCase().charCodeAt(0) - 96;
    const code = control === undefined ? undefined : CONTROL[control];
    if (code === undefined) throw new CommandFailure(`Unknown character: '${key}'`, 1);
    return code;
  });
}

/** Watches what is typed for the sequence, and holds back its beginning until it is complete or broken. */
export class EscapeWatch {
  readonly #keys: readonly number[];
  #matched = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** @returns what may be sent on; `detached` once the whole sequence has been typed */
  take(typed: Uint8Array): { readonly send: Uint8Array; readonly detached: boolean } {
    const send: number[] = [];
    for (const byte of typed) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#keys.length) return { send: Uint8Array.from(send), detached: true };
        continue;
      }
      send.push(...this.#keys.slice(0, this.#matched));
      this.#matched = byte === this.#keys[0] && this.#keys.length > 1 ? 1 : 0;
      if (this.#matched === 0) send.push(byte);
    }
    return { send: Uint8Array.from(send), detached: false };
  }
}
