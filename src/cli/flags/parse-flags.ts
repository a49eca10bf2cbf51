import { messageOf } from '#base/errors.ts';
import type { Flag, FlagTable, FlagValueOf, FlagValues } from './flag.ts';
import { csvFields } from './csv.ts';
import { parseBinarySize } from '../format/units.ts';
import { FlagValueError, parseBool, parseDecimal, parseDuration, parseInteger } from './numbers.ts';

/** A command line that does not follow the grammar; `message` is the whole complaint. */
export class FlagError extends Error {
  static {
    this.prototype.name = 'FlagError';
  }
}

/** `--help` (or `-h`) was among the flags: nothing else counts then. */
export class HelpWanted extends Error {
  static {
    this.prototype.name = 'HelpWanted';
  }
}

export interface ParsedFlags<T extends FlagTable> {
  readonly values: FlagValues<T>;
  /** The flags that were given, under their first name. */
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
}

type Values = Record<string, FlagValueOf[keyof FlagValueOf]>;

/**
 * Reads a command line in the grammar of Go's pflag: `-it`, `-p82:80`, `--name=x`, `--name x`, `--rm=false`, `--`.
 *
 * @param options.interspersed false where the first positional argument ends the flags (run, exec)
 * @throws {FlagError} in pflag's words
 * @throws {HelpWanted}
 */
export function parseFlags<const T extends FlagTable>(table: T, argv: readonly string[], options: { readonly interspersed: boolean }): ParsedFlags<T> {
  const reader = new FlagReader(table);
  const args: string[] = [];
  const rest = [...argv];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      args.push(...rest.splice(0));
    } else if (arg.startsWith('--')) {
      reader.long(arg.slice(2), rest);
    } else if (arg.startsWith('-') && arg !== '-') {
      reader.shorts(arg.slice(1), rest);
    } else {
      args.push(arg);
      if (!options.interspersed) args.push(...rest.splice(0));
    }
  }
  return { values: reader.values as FlagValues<T>, given: reader.given, args };
}

class FlagReader {
  readonly values: Values = {};
  readonly given = new Set<string>();
  readonly #table: FlagTable;
  readonly #byShort = new Map<string, string>();

  constructor(table: FlagTable) {
    this.#table = table;
    for (const [name, flag] of Object.entries(table)) {
      if (flag.short !== undefined) this.#byShort.set(flag.short, name);
      if (flag.aliasOf === undefined) this.values[name] = initialValue(flag);
    }
  }

  long(text: string, rest: string[]): void {
    if (text.startsWith('-') || text.startsWith('=')) throw new FlagError(`bad flag syntax: --${text}`);
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    const flag = this.#find(name);
    if (flag === undefined) {
      if (name === 'help') throw new HelpWanted();
      throw new FlagError(`unknown flag: --${name}`);
    }
    if (equals !== -1) this.#set(name, flag, text.slice(equals + 1));
    else if (flag.type === 'bool') this.#set(name, flag, 'true');
    else this.#set(name, flag, taken(rest, `flag needs an argument: --${name}`));
  }

  /** A cluster such as `it`, `p82:80` or `e=A`. */
  shorts(cluster: string, rest: string[]): void {
    for (let left = cluster; left !== ''; ) {
      const letter = String.fromCodePoint(left.codePointAt(0) ?? 0);
      const after = left.slice(letter.length);
      const name = this.#byShort.get(letter);
      const flag = name === undefined ? undefined : this.#find(name);
      if (name === undefined || flag === undefined) {
        if (letter === 'h') throw new HelpWanted();
        throw new FlagError(`unknown shorthand flag: '${letter}' in -${left}`);
      }
      if (after.startsWith('=') && after.length > 1) return this.#set(name, flag, after.slice(1));
      if (flag.type !== 'bool') {
        return this.#set(name, flag, after === '' ? taken(rest, `flag needs an argument: '${letter}' in -${left}`) : after);
      }
      this.#set(name, flag, 'true');
      left = after;
    }
  }

  #find(name: string): Flag | undefined {
    return Object.hasOwn(this.#table, name) ? this.#table[name] : undefined;
  }

  #set(name: string, flag: Flag, text: string): void {
    const target = flag.aliasOf ?? name;
    try {
      const checked = flag.check === undefined ? text : flag.check(text);
      this.values[target] = readValue(flag, checked, this.given.has(target) ? this.values[target] : undefined);
    } catch (thrown) {
      if (thrown instanceof RangeError || thrown instanceof TypeError) throw thrown;
      const shown = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`;
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${messageOf(thrown)}`);
    }
    this.given.add(target);
  }
}

function taken(rest: string[], complaint: string): string {
  const value = rest.shift();
  if (value === undefined) throw new FlagError(complaint);
  return value;
}

const EMPTY: Readonly<Partial<Record<Flag['type'], FlagValueOf[keyof FlagValueOf]>>> = { bool: false, string: '', list: [], strings: [], map: {}, filter: {} };

function initialValue(flag: Flag): FlagValueOf[keyof FlagValueOf] {
  if (flag.default !== undefined) return readValue(flag, flag.default, undefined);
  return EMPTY[flag.type] ?? 0;
}

const SIGNED = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, call: 'ParseInt' };
const UNSIGNED = { min: 0, max: Number.MAX_SAFE_INTEGER, call: 'ParseUint' };

/** @param before what earlier occurrences of a repeatable flag have gathered */
function readValue(flag: Flag, text: string, before: FlagValueOf[keyof FlagValueOf] | undefined): FlagValueOf[keyof FlagValueOf] {
  switch (flag.type) {
    case 'bool':
      return parseBool(text);
    case 'string':
      return text;
    case 'int':
      return parseInteger(text, SIGNED);
    case 'uint':
      return parseInteger(text, UNSIGNED);
    case 'uint16':
      return parseInteger(text, { ...UNSIGNED, max: 0xffff });
    case 'bytes':
      return text === '-1' && flag.negative === true ? -1 : parseBinarySize(text);
    case 'decimal':
      return parseDecimal(text);
    case 'duration':
      return parseDuration(text);
    case 'list':
      return [...((before as readonly string[] | undefined) ?? []), text];
    case 'strings':
      return [...((before as readonly string[] | undefined) ?? []), ...(text === '' ? [] : csvFields(text))];
    case 'map':
      return withPair((before as Readonly<Record<string, string>> | undefined) ?? {}, text);
    case 'filter':
      return withFilter((before as Readonly<Record<string, readonly string[]>> | undefined) ?? {}, text);
  }
}

function withPair(map: Readonly<Record<string, string>>, text: string): Record<string, string> {
  const equals = text.indexOf('=');
  return equals === -1 ? { ...map, [text]: '' } : { ...map, [text.slice(0, equals)]: text.slice(equals + 1) };
}

function withFilter(filters: Readonly<Record<string, readonly string[]>>, text: string): Record<string, readonly string[]> {
  if (text === '') return { ...filters };
  const equals = text.indexOf('=');
  if (equals === -1) throw new FlagValueError('bad format of filter (expected name=value)');
  const name = text.slice(0, equals).trim().toLowerCase();
  const value = text.slice(equals + 1).trim();
  const values = Object.hasOwn(filters, name) ? (filters[name] ?? []) : [];
  return { ...filters, [name]: values.includes(value) ? values : [...values, value] };
}
