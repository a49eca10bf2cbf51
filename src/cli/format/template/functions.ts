import { compareAll, equalsAny } from './comparison.ts';
import { TemplateError } from './errors.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escapes.ts';
import { printable, showTop, sprint, sprintln } from './printing.ts';
import { sprintf } from './printf.ts';
import { typingOf } from './typed-list.ts';
import { isTrue, kindOf, NO_VALUE, typeOf, type JsonNumber } from './values.ts';

/** Types of arguments: `texts` is a list of strings. */
export type Parameter = 'any' | 'string' | 'int' | 'texts';

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

/** The functions that Go's text/template brings along. The evaluator does `and`, `or` and `call` itself. */
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
  call: { ...oneAndMore, call: (target) => target },
  print: { ...anyNumber, call: (...args) => sprint(args) },
  println: { ...anyNumber, call: (...args) => sprintln(args) },
  printf: { parameters: ['string', 'any'], variadic: true, call: (format, ...args) => sprintf(format as string, args) },
  html: { ...anyNumber, call: (...args) => escapeHtml(asText(args)) },
  js: { ...anyNumber, call: (...args) => escapeJs(asText(args)) },
  urlquery: { ...anyNumber, call: (...args) => escapeQuery(asText(args)) },
};

function asText(args: readonly unknown[]): string {
  return args.length === 1 ? showTop(args[0]) : sprint(args.map(printable));
}

// What escapes from Go here is the text of a panic.
const LEN_OF_NIL = 'reflect: call of reflect.Value.Type on zero Value';

function length(value: unknown): number {
  switch (kindOf(value)) {
    case 'string': return Buffer.byteLength(value as string);
    case 'json-number': return (value as JsonNumber).text.length;
    case 'slice': return (value as unknown[]).length;
    case 'map': return Object.keys(value as object).length;
    case 'nil': throw new TemplateError(LEN_OF_NIL);
    case 'nil-pointer': throw new TemplateError('len of nil pointer');
    case 'boolean':
    case 'float':
    case 'function':
    case 'int':
    case 'named':
    case 'struct': throw new TemplateError(`len of type ${typeOf(value)}`);
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
    case 'slice': return elementAt(item as unknown[], key, 'slice');
    case 'string': return elementAt(Buffer.from(item as string), key, 'string');
    case 'map': {
      if (kindOf(key) === 'nil') throw new TemplateError('value is nil; should be of type string');
      const typing = typingOf(item);
      const wanted = typing?.key ?? 'string';
      if (typeof key !== 'string' || wanted !== 'string') throw new TemplateError(`value has type ${typeOf(key)}; should be ${wanted}`);
      const map = item as Record<string, unknown>;
      if (Object.hasOwn(map, key)) return map[key];
      return typing?.zero === undefined ? NO_VALUE : typing.zero();
    }
    case 'nil':
    case 'nil-pointer': throw new TemplateError('index of nil pointer');
    case 'boolean':
    case 'float':
    case 'function':
    case 'int':
    case 'json-number':
    case 'named':
    case 'struct': throw new TemplateError(`can't index item of type ${typeOf(item)}`);
  }
}

/** The element just past the end gets a message of its own: Go's check lets it through, and what it calls panics. */
function elementAt(list: ArrayLike<unknown>, key: unknown, what: string): unknown {
  const at = position(key, list.length);
  if (at === list.length) throw new TemplateError(`reflect: ${what} index out of range`);
  return list[at];
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
