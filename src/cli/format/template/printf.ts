import { formatFloat } from './floats.ts';
import { show } from './printing.ts';
import { quote } from './quote.ts';
import { kindOf, NilPointer, sortedKeys, toNumber, typeOf, type JsonNumber, type Named, type Struct } from './values.ts';

interface Directive {
  readonly flags: string;
  readonly width: number;
  /** -1: none given. */
  readonly precision: number;
  readonly verb: string;
}

// A width or precision that a template cannot mean; Go answers %!(BADWIDTH) above a million.
const TOO_LARGE = 1_000_000;

/** Go's Sprintf over template values: flags, width, precision, `*`, argument indexes and Go's own marks for mistakes. */
export function sprintf(format: string, values: readonly unknown[]): string {
  return new Formatter(format, values).run();
}

class Formatter {
  readonly #format: string;
  readonly #values: readonly unknown[];
  #at = 0;
  #next = 0;
  #reordered = false;
  #badIndex = false;

  constructor(format: string, values: readonly unknown[]) {
    this.#format = format;
    this.#values = values;
  }

  run(): string {
    let text = '';
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf('%', this.#at);
      text += this.#format.slice(this.#at, percent < 0 ? undefined : percent);
      if (percent < 0) break;
      this.#at = percent + 1;
      text += this.#directive();
    }
    if (this.#reordered || this.#next >= this.#values.length) return text;
    const extra = this.#values.slice(this.#next).map((value) => (kindOf(value) === 'nil' ? '<nil>' : `${typeOf(value)}=${show(value)}`));
    return `${text}%!(EXTRA ${extra.join(', ')})`;
  }

  #directive(): string {
    const flags = this.#match(/[+\-# 0]*/y);
    let faults = '';
    this.#index();
    let width = this.#count(/\d*/y, 0);
    let leftByStar = '';
    if (width === undefined) {
      faults += '%!(BADWIDTH)';
      width = 0;
    } else if (width < 0) {
      leftByStar = '-';
      width = -width;
    }
    let precision = -1;
    if (this.#format[this.#at] === '.') {
      this.#at++;
      this.#index();
      precision = this.#count(/\d*/y, 0) ?? Number.NaN;
      if (Number.isNaN(precision) || precision < 0) {
        faults += '%!(BADPREC)';
        precision = -1;
      }
    }
    this.#index();
    const code = this.#format.codePointAt(this.#at);
    if (code === undefined) return `${faults}%!(NOVERB)`;
    const verb = String.fromCodePoint(code);
    this.#at += verb.length;
    return faults + this.#apply({ flags: flags + leftByStar, width, precision, verb });
  }

  #apply(directive: Directive): string {
    const { verb } = directive;
    if (verb === '%') return '%';
    if (this.#badIndex) {
      this.#badIndex = false;
      return `%!${verb}(BADINDEX)`;
    }
    if (this.#next >= this.#values.length) return `%!${verb}(MISSING)`;
    return formatValue(directive, this.#values[this.#next++]);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#format)?.[0] ?? '';
    this.#at += text.length;
    return text;
  }

  /** `[3]` makes the third argument the next one. */
  #index(): void {
    const text = this.#match(/\[[^\]]*\]/y);
    if (text === '') return;
    const index = Number(text.slice(1, -1));
    this.#reordered = true;
    if (index >= 1 && index <= this.#values.length) this.#next = index - 1;
    else this.#badIndex = true;
  }

  #count(digits: RegExp, otherwise: number): number | undefined {
    if (this.#format[this.#at] !== '*') {
      const count = Number(this.#match(digits) || otherwise);
      return count > TOO_LARGE ? undefined : count;
    }
    this.#at++;
    const value = this.#values[this.#next++];
    if (kindOf(value) !== 'int' || Math.abs(Number(value)) > TOO_LARGE) return undefined;
    return Number(value);
  }
}

function formatValue(directive: Directive, value: unknown): string {
  const { flags, verb } = directive;
  if (verb === 'T') return pad(directive, typeOf(value));
  if (verb === 'v' && flags.includes('#')) return pad(directive, show(value, 'source'));
  // A plus asks for the names of fields here, not for signs.
  if (verb === 'v' && flags.includes('+')) return formatPlain({ ...directive, flags: flags.replaceAll('+', '') }, value, true);
  return formatPlain(directive, value, false);
}

function formatPlain(directive: Directive, value: unknown, named: boolean): string {
  const { verb } = directive;
  const inside = (item: unknown): string => formatPlain(directive, item, named);
  switch (kindOf(value)) {
    case 'nil':
    case 'nil-pointer':
      if (verb === 'v') return pad(directive, '<nil>');
      if (!(value instanceof NilPointer)) return `%!${verb}(<nil>)`;
      return verb in BASES ? formatInteger(directive, 0) : `%!${verb}(${value.type}=<nil>)`;
    case 'boolean': return verb === 't' || verb === 'v' ? pad(directive, String(value)) : mistaken(directive, value);
    case 'string': return formatText(directive, value as string, value);
    case 'json-number': return formatText(directive, (value as JsonNumber).text, value);
    case 'named': return formatText(directive, (value as Named).text, value);
    case 'int': return formatInteger(directive, value as number | bigint);
    case 'float': return formatNumber(directive, toNumber(value));
    case 'slice': return `[${(value as unknown[]).map(inside).join(' ')}]`;
    case 'map': {
      const map = value as Record<string, unknown>;
      return `map[${sortedKeys(map).map((key) => `${inside(key)}:${inside(map[key])}`).join(' ')}]`;
    }
    case 'struct': {
      const head = typeOf(value).startsWith('*') ? '&' : '';
      return `${head}{${(value as Struct).plain().map(([name, field]) => (named ? `${name}:` : '') + inside(field)).join(' ')}}`;
    }
    case 'function': return mistaken(directive, value);
  }
}

function mistaken({ verb }: Directive, value: unknown): string {
  return `%!${verb}(${typeOf(value)}=${show(value)})`;
}

function pad({ flags, width }: Directive, text: string): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  return flags.includes('-') ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}

function formatText(directive: Directive, text: string, value: unknown): string {
  const { flags, precision, verb } = directive;
  const cut = precision >= 0 ? Array.from(text).slice(0, precision).join('') : text;
  switch (verb) {
    case 'v':
    case 's': return padZero(directive, cut);
    case 'q': return pad(directive, flags.includes('#') && !/[`\n\r]/.test(cut) ? `\`${cut}\`` : quote(cut, { ascii: flags.includes('+') }));
    case 'x':
    case 'X': return pad(directive, hexOfText(directive, text));
    default: return mistaken(directive, value);
  }
}

function padZero(directive: Directive, text: string): string {
  return directive.flags.includes('0') && !directive.flags.includes('-')
    ? text.padStart(directive.width, '0')
    : pad(directive, text);
}

function hexOfText({ flags, precision, verb }: Directive, text: string): string {
  const bytes = Buffer.from(text).subarray(0, precision >= 0 ? precision : undefined);
  const prefix = flags.includes('#') ? '0x' : '';
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const hex = flags.includes(' ') ? pairs.map((pair) => prefix + pair).join(' ') : prefix + pairs.join('');
  return verb === 'X' ? hex.toUpperCase() : hex;
}

const BASES: Readonly<Record<string, { readonly radix: number; readonly prefix: string }>> = {
  v: { radix: 10, prefix: '' }, d: { radix: 10, prefix: '' },
  b: { radix: 2, prefix: '0b' }, o: { radix: 8, prefix: '0' }, O: { radix: 8, prefix: '0o' },
  x: { radix: 16, prefix: '0x' }, X: { radix: 16, prefix: '0X' },
};

function formatInteger(directive: Directive, value: number | bigint): string {
  const { flags, precision, verb, width } = directive;
  const base = BASES[verb];
  if (base === undefined) return formatRune(directive, value);
  const negative = value < 0;
  let digits = (negative ? -value : value).toString(base.radix);
  if (verb === 'X') digits = digits.toUpperCase();
  const prefix = verb === 'O' || flags.includes('#') ? base.prefix : '';
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  if (precision >= 0) digits = precision === 0 && Number(value) === 0 ? '' : digits.padStart(precision, '0');
  else if (flags.includes('0') && !flags.includes('-')) digits = digits.padStart(width - sign.length, '0');
  return pad(directive, sign + prefix + digits);
}

function formatRune(directive: Directive, value: number | bigint): string {
  const code = Number(value);
  const rune = code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : '\ufffd';
  switch (directive.verb) {
    case 'c': return pad(directive, rune);
    case 'q': return pad(directive, quote(rune, { mark: "'", ascii: directive.flags.includes('+') }));
    case 'U': {
      const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
      return pad(directive, directive.flags.includes('#') ? `${name} '${rune}'` : name);
    }
    default: return mistaken(directive, value);
  }
}

function formatNumber(directive: Directive, value: number): string {
  const { flags, precision, verb, width } = directive;
  let text: string;
  switch (verb) {
    case 'v':
    case 'g':
    case 'G': text = formatFloat(value, 'g', precision); break;
    case 'e':
    case 'E': text = formatFloat(value, 'e', precision < 0 ? 6 : precision); break;
    case 'f':
    case 'F': text = formatFloat(value, 'f', precision < 0 ? 6 : precision); break;
    default: return mistaken(directive, value);
  }
  if (verb === 'E' || verb === 'G') text = text.toUpperCase().replace('INF', 'Inf').replace('NAN', 'NaN');
  const signed = /^[+-]/.test(text);
  const sign = signed && text[0] === '-' ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const body = signed ? text.slice(1) : text;
  const zeros = flags.includes('0') && !flags.includes('-') && /\d/.test(body);
  return pad(directive, sign + (zeros ? body.padStart(width - sign.length, '0') : body));
}
