import { typingOf } from './typed-list.ts';

/** A float64 that JavaScript would take for an integer, such as the literal 1.0. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A number of an untyped JSON document: Go's json.Number, which prints as it was written and compares as text. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A method: called with a template's arguments. */
export type Method = (...args: readonly unknown[]) => unknown;

/**
 * A Go struct: fields in their order, methods among them. What a template asks for beyond them is an error that names
 * the type, whereas a map answers `<no value>`.
 */
export class Struct {
  /** `*formatter.ContainerContext`; a leading `*` makes it a pointer. */
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** What `{{json .}}` writes. */
  readonly encode: () => string;
  readonly #shape: readonly (readonly [string, unknown])[] | undefined;

  /** @param shape the fields as `%v` prints them, where that is not `fields`: an embedded struct is one there */
  constructor(
    type: string, fields: Readonly<Record<string, unknown>>, encode: () => string, shape?: readonly (readonly [string, unknown])[],
  ) {
    this.type = type;
    this.fields = fields;
    this.encode = encode;
    this.#shape = shape;
  }

  /** The fields that hold values: what `%v` prints. */
  plain(): readonly (readonly [string, unknown])[] {
    return this.#shape ?? Object.entries(this.fields).filter(([, value]) => typeof value !== 'function');
  }
}

/** A value with a type of its own that Go prints through its String method, such as a time. */
export class Named {
  readonly type: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly wire: unknown;

  constructor(type: string, text: string, wire: unknown, fields: Readonly<Record<string, unknown>> = {}) {
    this.type = type;
    this.text = text;
    this.wire = wire;
    this.fields = fields;
  }
}

/** A nil pointer of a known type: prints `<nil>`, is false, and faults when asked for a field. */
export class NilPointer {
  readonly type: string;
  constructor(type: string) {
    this.type = type;
  }
}

/** The absence that a template prints as `<no value>`: what a map answers for a key it does not have. */
export const NO_VALUE: unique symbol = Symbol('no value');

export type Kind = 'nil' | 'boolean' | 'string' | 'json-number' | 'int' | 'float' | 'slice' | 'map' | 'struct' | 'named' | 'nil-pointer' | 'function';

export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'string': return 'string';
    case 'boolean': return 'boolean';
    case 'bigint': return 'int';
    case 'number': return Number.isInteger(value) ? 'int' : 'float';
    case 'function': return 'function';
    case 'object': return value === null ? 'nil' : kindOfObject(value);
    case 'symbol':
    case 'undefined': return 'nil';
  }
}

function kindOfObject(value: object): Kind {
  if (Array.isArray(value)) return 'slice';
  if (value instanceof Struct) return 'struct';
  if (value instanceof Named) return 'named';
  if (value instanceof Float) return 'float';
  if (value instanceof JsonNumber) return 'json-number';
  return value instanceof NilPointer ? 'nil-pointer' : 'map';
}

/** The Go type that messages name. */
export function typeOf(value: unknown): string {
  switch (kindOf(value)) {
    case 'nil': return '<nil>';
    case 'boolean': return 'bool';
    case 'string': return 'string';
    case 'json-number': return 'json.Number';
    case 'int': return 'int';
    case 'float': return 'float64';
    case 'slice': return typingOf(value)?.type ?? '[]interface {}';
    case 'map': return typingOf(value)?.type ?? 'map[string]interface {}';
    case 'function': return 'func()';
    case 'named':
    case 'nil-pointer':
    case 'struct': return (value as Struct | Named | NilPointer).type;
  }
}

/** Go's truth: not the zero value of its type, and not empty. */
export function isTrue(value: unknown): boolean {
  switch (kindOf(value)) {
    case 'nil':
    case 'nil-pointer': return false;
    case 'boolean': return value as boolean;
    case 'string': return value !== '';
    case 'json-number': return (value as JsonNumber).text !== '';
    case 'int': return Number(value) !== 0;
    case 'float': return toNumber(value) !== 0;
    case 'slice': return (value as unknown[]).length > 0;
    case 'map': return Object.keys(value as object).length > 0;
    case 'function':
    case 'named':
    case 'struct': return true;
  }
}

export function toNumber(value: unknown): number {
  return value instanceof Float ? value.value : Number(value);
}

/** Keys of a map in Go's order: by bytes, which for UTF-8 is by code points. */
export function sortedKeys(map: object): string[] {
  return Object.keys(map).toSorted(compareText);
}

/** Orders texts as Go compares strings. */
export function compareText(a: string, b: string): number {
  // UTF-16 order differs from byte order only where surrogates are involved.
  if (/[\ud800-\uffff]/.test(a + b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
