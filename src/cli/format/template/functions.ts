import { compareAll, equalsAny } from './comparison.ts';
import { TemplateError } from './errors.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escapes.ts';
import { printable, sprint, sprintln } from './printing.ts';
import { sprintf } from './printf.ts';
import { isTrue, kindOf, NO_VALUE, typeOf, type JsonNumber } from './values.ts';

export type Parameter = 'any' | 'string' | 'int';

/** A function that templates may call. What it throws becomes `error calling NAME: …`. */
export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  /** The last parameter takes any number of arguments. */
  readonly variadic?: boolean;
  readonly call: (...args: readonly unknown[]) => unknown;
}

export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>;

const anyNumber = { parameters: ['any'], variadic: true } as const;
const oneAndMore = { parameters: ['any', 'any'], variadic: true } as const;
const two = { parameters: ['any', 'any'] } as const;

/** The functions that Go's text/template brings along. `and` and `or` are the evaluator's: they stop at the first answer. */
export const builtins: TemplateFunctions = {
  and: { ...oneAndMore, call: (...args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1) },
  or: { ...oneAndMore, call: (...args) => args.find(isTrue) ?? args.at(-1) },
  not: { parameters: ['any'], call: (value) => !isTrue(value) },
  eq: { ...oneAndMore, call: (first, ...others) => equalsAny(first, others) },
  ne: { ...two, call: (a, b) => !equalsAny(a, [b]) },
  lt: { ...two, call: (a, b) => compareAll(a, b) < 0 },
  le: { ...two, call: (a, b) => compareAll(a, b) <= 0 },
  gt: { ...two, call: (a, b) => compareAll(a, b) > 0 },
  ge: { ...two, call: (a, b) => compareAll(a, b) >= 0 },
  len: { parameters: ['any'], call: length },
  index: { ...oneAndMore, call: index },
  slice: { ...oneAndMore, call: slice },
  call: { ...oneAndMore, call: callFunction },
  print: { ...anyNumber, call: (...args) => sprint(args) },
  println: { ...anyNumber, call: (...args) => sprintln(args) },
  printf: { parameters: ['string', 'any'], variadic: true, call: (format, ...args) => sprintf(format as string, args) },
  html: { ...anyNumber, call: (...args) => escapeHtml(asText(args)) },
  js: { ...anyNumber, call: (...args) => escapeJs(asText(args)) },
  urlquery: { ...anyNumber, call: (...args) => escapeQuery(asText(args)) },
};

function asText(args: readonly unknown[]): string {
  return sprint(args.map(printable));
}

function length(value: unknown): number {
  switch (kindOf(value)) {
    case 'string': return Buffer.byteLength(value as string);
    case 'json-number': return (value as JsonNumber).text.length;
    case 'slice': return (value as unknown[]).length;
    case 'map': return Object.keys(value as object).length;
    case 'nil':
    case 'nil-pointer': throw new TemplateError('len of nil pointer');
    default: throw new TemplateError(`len of type ${typeOf(value)}`);
  }
}

function index(value: unknown, ...keys: readonly unknown[]): unknown {
  let item = value;
  if (kindOf(item) === 'nil') throw new TemplateError('index of untyped nil');
  for (const key of keys) item = indexOnce(item, key);
  return item;
}

function indexOnce(item: unknown, key: unknown): unknown {
  switch (kindOf(item)) {
    case 'slice': return (item as unknown[])[position(key, (item as unknown[]).length - 1)];
    case 'string': {
      const bytes = Buffer.from(item as string);
      return bytes[position(key, bytes.length - 1)];
    }
    case 'map': {
      if (kindOf(key) === 'nil') throw new TemplateError('value is nil; should be of type string');
      if (typeof key !== 'string') throw new TemplateError(`value has type ${typeOf(key)}; should be string`);
      const map = item as Record<string, unknown>;
      return Object.hasOwn(map, key) ? map[key] : zeroOf(map);
    }
    case 'nil':
    case 'nil-pointer': throw new TemplateError('index of nil pointer');
    default: throw new TemplateError(`can't index item of type ${typeOf(item)}`);
  }
}

/** What a map answers for a key it lacks. A map whose values are all texts is taken for Go's map[string]string. */
function zeroOf(map: Readonly<Record<string, unknown>>): unknown {
  const values = Object.values(map);
  return values.length > 0 && values.every((value) => typeof value === 'string') ? '' : NO_VALUE;
}

function position(key: unknown, last: number): number {
  if (kindOf(key) === 'nil') throw new TemplateError('cannot index slice/array with nil');
  if (kindOf(key) !== 'int') throw new TemplateError(`cannot index slice/array with type ${typeOf(key)}`);
  const at = Number(key);
  if (at < 0 || at > last) throw new TemplateError(`index out of range: ${at}`);
  return at;
}

function slice(value: unknown, ...bounds: readonly unknown[]): unknown {
  const kind = kindOf(value);
  if (kind === 'nil') throw new TemplateError('slice of untyped nil');
  if (bounds.length > 3) throw new TemplateError(`too many slice indexes: ${bounds.length}`);
  if (kind !== 'string' && kind !== 'slice') throw new TemplateError(`can't slice item of type ${typeOf(value)}`);
  if (kind === 'string' && bounds.length === 3) throw new TemplateError('cannot 3-index slice a string');
  const whole = kind === 'string' ? Buffer.from(value as string) : (value as unknown[]);
  const [from = 0, to = whole.length, capacity = whole.length] = bounds.map((bound) => position(bound, whole.length));
  if (from > to) throw new TemplateError(`invalid slice index: ${from} > ${to}`);
  if (to > capacity) throw new TemplateError(`invalid slice index: ${to} > ${capacity}`);
  return Buffer.isBuffer(whole) ? whole.subarray(from, to).toString() : whole.slice(from, to);
}

function callFunction(target: unknown, ...args: readonly unknown[]): unknown {
  if (kindOf(target) === 'nil') throw new TemplateError('call of nil');
  if (typeof target !== 'function') throw new TemplateError(`non-function target of type ${typeOf(target)}`);
  return (target as (...args: readonly unknown[]) => unknown)(...args);
}
