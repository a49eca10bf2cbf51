import { EngineError } from '#base/errors.ts';

const NO_FLAG: ReadonlySet<string> = new Set(['', '0', 'no', 'false', 'none']);

/** The query of a request. Values are decoded when they are asked for; the first of several counts. */
export class Query {
  readonly #values = new Map<string, string[]>();

  /** @throws {EngineError} `invalid` with Go's words for a broken escape and for a semicolon */
  constructor(raw: string) {
    if (raw === '') return;
    if (raw.includes(';')) throw new EngineError('invalid', 'invalid semicolon separator in query');
    for (const pair of raw.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = unescaped(equals < 0 ? pair : pair.slice(0, equals));
      const value = equals < 0 ? '' : unescaped(pair.slice(equals + 1));
      const known = this.#values.get(name);
      if (known) known.push(value);
      else this.#values.set(name, [value]);
    }
  }

  /** Empty where it is absent. */
  text(name: string): string {
    return this.#values.get(name)?.[0] ?? '';
  }

  find(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** Docker's rule: everything is true but nothing at all, `0`, `no`, `false` and `none`. */
  flag(name: string, fallback = false): boolean {
    const value = this.find(name);
    return value === undefined ? fallback : !NO_FLAG.has(value.trim().toLowerCase());
  }

  /**
   * A whole number; undefined where it is absent or empty.
   *
   * @throws {EngineError} `internal`, since dockerd answers 500 for a number that it cannot read
   */
  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === '') return undefined;
    if (!/^[+-]?\d+$/.test(value)) throw atoiError(value, 'invalid syntax');
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw atoiError(value, 'value out of range');
    return number;
  }
}

function atoiError(value: string, why: string): EngineError {
  return new EngineError('internal', `strconv.Atoi: parsing ${JSON.stringify(value)}: ${why}`);
}

function unescaped(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    const broken = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text)?.[0];
    if (broken === undefined) return Buffer.from(unescape(text.replaceAll('+', ' ')), 'latin1').toString('utf8');
    throw new EngineError('invalid', `invalid URL escape ${JSON.stringify(broken)}`);
  }
}

/** Percent escapes to bytes, one character each; the caller has seen that each escape is whole. */
function unescape(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
