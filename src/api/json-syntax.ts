/** What Go's decoder would say of a JSON text, and where the first value ends. */
export type JsonVerdict =
  | { readonly kind: 'complete'; readonly end: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'broken'; readonly message: string };

/**
 * Looks through a text that `JSON.parse` has refused, to answer with the words that Go's encoding/json has for it.
 * Only called for broken texts, so it is written to be short, not fast.
 */
export function judgeJson(text: string): JsonVerdict {
  const scanner = new Scanner(text);
  try {
    scanner.skipSpace();
    if (scanner.atEnd) return { kind: 'empty' };
    scanner.value();
    return { kind: 'complete', end: scanner.position };
  } catch (thrown) {
    if (thrown instanceof JsonFault) return { kind: 'broken', message: thrown.message };
    throw thrown;
  }
}

class JsonFault extends Error {}

const LITERALS: ReadonlyMap<string, string> = new Map([
  ['t', 'true'],
  ['f', 'false'],
  ['n', 'null'],
]);

/** Deeper texts are refused, as Go refuses them. */
const DEEPEST = 10_000;

class Scanner {
  readonly #text: string;
  position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.position >= this.#text.length;
  }

  skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text[this.position] ?? '')) this.position += 1;
  }

  /** Goes to the end of one value, by a stack of the closing brackets that are still due. */
  value(): void {
    const due: ('}' | ']')[] = [];
    do {
      this.skipSpace();
      const opened = this.#openOrScalar(due);
      if (!opened) this.#close(due);
      if (due.length > DEEPEST) throw new JsonFault('exceeded max depth');
    } while (due.length > 0);
  }

  /** True where a value has still to come: after a bracket that opened something not empty. */
  #openOrScalar(due: ('}' | ']')[]): boolean {
    const first = this.#next('looking for beginning of value');
    if (first === '{' || first === '[') {
      const closing = first === '{' ? '}' : ']';
      this.skipSpace();
      if (this.#peek() === closing) {
        this.position += 1;
        return false;
      }
      due.push(closing);
      if (closing === '}') this.#key('looking for beginning of object key string');
      return true;
    }
    this.#scalar(first);
    return false;
  }

  /** Takes the comma or the closing brackets after a value; comes back when the next value is to be read. */
  #close(due: ('}' | ']')[]): void {
    while (due.length > 0) {
      const closing = due.at(-1);
      this.skipSpace();
      const found = this.#next(closing === '}' ? 'after object key:value pair' : 'after array element', [closing ?? '', ',']);
      if (found === ',') {
        if (closing === '}') this.#key('looking for beginning of object key string');
        return;
      }
      due.pop();
    }
  }

  #key(where: string): void {
    this.skipSpace();
    this.#next(where, ['"']);
    this.#string();
    this.skipSpace();
    this.#next('after object key', [':']);
  }

  #scalar(first: string): void {
    const literal = LITERALS.get(first);
    if (first === '"') this.#string();
    else if (literal !== undefined) {
      for (const letter of literal.slice(1)) this.#next(`in literal ${literal} (expecting '${letter}')`, [letter]);
    } else if (first === '-' || /\d/.test(first)) this.#number(first);
    else throw this.#invalid(first, 'looking for beginning of value');
  }

  #string(): void {
    for (;;) {
      const letter = this.#next('in string literal');
      if (letter === '"') return;
      if (letter < ' ') throw this.#invalid(letter, 'in string literal');
      if (letter !== '\\') continue;
      const escaped = this.#next('in string escape code', ['"', '\\', '/', 'b', 'f', 'n', 'r', 't', 'u']);
      if (escaped !== 'u') continue;
      for (let digit = 0; digit < 4; digit += 1) {
        const hex = this.#next('in \\u hexadecimal character escape');
        if (!/[0-9a-fA-F]/.test(hex)) throw this.#invalid(hex, 'in \\u hexadecimal character escape');
      }
    }
  }

  #number(first: string): void {
    let digit = first;
    if (first === '-') digit = this.#digit('in numeric literal');
    if (digit !== '0') this.#digits();
    if (this.#peek() === '.') {
      this.position += 1;
      this.#digit('after decimal point in numeric literal');
      this.#digits();
    }
    if (/[eE]/.test(this.#peek())) {
      this.position += 1;
      if (/[+-]/.test(this.#peek())) this.position += 1;
      this.#digit('in exponent of numeric literal');
      this.#digits();
    }
  }

  #digit(where: string): string {
    const found = this.#next(where);
    if (!/\d/.test(found)) throw this.#invalid(found, where);
    return found;
  }

  #digits(): void {
    while (/\d/.test(this.#peek())) this.position += 1;
  }

  #peek(): string {
    return this.#text[this.position] ?? '';
  }

  #next(where: string, allowed?: readonly string[]): string {
    const found = this.#text[this.position];
    if (found === undefined) throw new JsonFault('unexpected EOF');
    this.position += 1;
    if (allowed && !allowed.includes(found)) throw this.#invalid(found, where);
    return found;
  }

  #invalid(found: string, where: string): JsonFault {
    const shown = found === "'" ? `'\\''` : found === '"' ? `'"'` : `'${JSON.stringify(found).slice(1, -1)}'`;
    return new JsonFault(`invalid character ${shown} ${where}`);
  }
}
