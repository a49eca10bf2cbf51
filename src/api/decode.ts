import { EngineError } from '#base/errors.ts';

/**
 * Reads JSON values the way Go's encoding/json reads them into a struct: names match without regard to case, unknown
 * ones are passed over, null leaves the zero value, and a wrong type is refused with Go's words.
 */
export interface Decoder<T> {
  /** Go's name of the type, for the message. */
  readonly goType: string;
  /** What is there when the field is absent or null. */
  readonly zero: T;
  decode(value: unknown, place: string): T;
}

/** The value of a whole body. `place` is the Go name of the struct, which the messages begin with. */
export function decodeBody<T>(decoder: Decoder<T>, value: unknown, place: string): T {
  if (value === undefined || value === null) return decoder.zero;
  return decoder.decode(value, place);
}

export const text: Decoder<string> = {
  goType: 'string',
  zero: '',
  decode: (value, place) => (typeof value === 'string' ? value : wrongType(value, place, 'string')),
};

export const flag: Decoder<boolean> = {
  goType: 'bool',
  zero: false,
  decode: (value, place) => (typeof value === 'boolean' ? value : wrongType(value, place, 'bool')),
};

/** A whole number of one of Go's types. Beyond 2^53 the last digits are lost, which no field of ours comes near. */
export function integer(goType = 'int64', least: number = -(2 ** 63), most: number = 2 ** 63): Decoder<number> {
  return {
    goType,
    zero: 0,
    decode(value, place) {
      if (typeof value !== 'number') return wrongType(value, place, goType);
      if (!Number.isInteger(value) || value < least || value > most) return wrongNumber(value, place, goType);
      return value;
    },
  };
}

/** A list; null where it is absent, as a Go slice is. */
export function list<T>(item: Decoder<T>): Decoder<readonly T[] | null> {
  const goType = `[]${item.goType}`;
  return {
    goType,
    zero: null,
    decode(value, place) {
      if (!Array.isArray(value)) return wrongType(value, place, goType);
      return value.map((one: unknown) => (one === null ? item.zero : item.decode(one, place)));
    },
  };
}

/** An object of values of one kind; null where it is absent, as a Go map is. */
export function dictionary<T>(item: Decoder<T>, named?: string): Decoder<Readonly<Record<string, T>> | null> {
  const goType = named ?? `map[string]${item.goType}`;
  return {
    goType,
    zero: null,
    decode(value, place) {
      if (!isObject(value)) return wrongType(value, place, goType);
      const decoded = Object.entries(value).map(([key, one]): [string, T] => [
        key,
        one === null ? item.zero : item.decode(one, `${place}.${key}`),
      ]);
      return Object.fromEntries(decoded);
    },
  };
}

/** A pointer in Go: null where it is absent. */
export function optional<T>(inner: Decoder<T>): Decoder<T | null> {
  return { goType: inner.goType, zero: null, decode: (value, place) => inner.decode(value, place) };
}

/** A struct by its fields; each is there afterwards, with its zero value where the body had none. */
export function struct<T extends object>(goType: string, fields: { readonly [Key in keyof T]-?: Decoder<T[Key]> }): Decoder<T> {
  const byName = new Map(Object.entries(fields).map(([name, field]) => [name.toLowerCase(), [name, field as Decoder<unknown>] as const]));
  const zero = Object.fromEntries([...byName.values()].map(([name, field]) => [name, field.zero])) as T;
  return {
    goType,
    zero,
    decode(value, place) {
      if (!isObject(value)) return wrongType(value, place, goType);
      const decoded = new Map<string, unknown>(Object.entries(zero));
      for (const [key, one] of Object.entries(value)) {
        const known = byName.get(key) ?? byName.get(key.toLowerCase());
        if (!known || one === null) continue;
        decoded.set(known[0], known[1].decode(one, `${place}.${known[0]}`));
      }
      return Object.fromEntries(decoded) as T;
    },
  };
}

/** Docker's `StrSlice`: a list of texts, or one text that stands for a list of one. */
export const textOrList: Decoder<readonly string[] | null> = {
  goType: 'string',
  zero: null,
  decode(value) {
    if (typeof value === 'string') return [value];
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value as string[];
    throw new EngineError('invalid', `invalid JSON: json: cannot unmarshal ${kindOf(value)} into Go value of type string`);
  },
};

/** `{}` whatever is in it: a member of one of Go's sets. */
export const member: Decoder<Readonly<Record<string, never>>> = {
  goType: 'struct {}',
  zero: {},
  decode: (value, place) => (isObject(value) ? {} : wrongType(value, place, 'struct {}')),
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

function wrongType(value: unknown, place: string, goType: string): never {
  throw new EngineError('invalid', `invalid JSON: json: cannot unmarshal ${kindOf(value)} into ${into(place)} of type ${goType}`);
}

function wrongNumber(value: number, place: string, goType: string): never {
  throw new EngineError('invalid', `invalid JSON: json: cannot unmarshal number ${value} into ${into(place)} of type ${goType}`);
}

/** `place` has no dot where the whole body is of the wrong type. */
function into(place: string): string {
  return place.includes('.') ? `Go struct field ${place}` : 'Go value';
}
