import { formatFloat } from './floats.ts';
import { quote } from './quote.ts';
import { kindOf, NO_VALUE, sortedKeys, Struct, toNumber, typeOf, type JsonNumber, type Named } from './values.ts';

/** How a value is printed: `%v`, `%+v` (with field names), `%#v` (as Go source). */
export type Style = 'plain' | 'named' | 'source';

/** A value as Go's fmt prints it: `map[a:1 b:2]`, `[a b]`, `{web 80}`, `<nil>`. */
export function show(value: unknown, style: Style = 'plain', depth: number = 0): string {
  if (style === 'source') return showSource(value);
  switch (kindOf(value)) {
    case 'nil':
    case 'nil-pointer': return value === NO_VALUE && depth === 0 ? '<no value>' : '<nil>';
    case 'boolean':
    case 'string':
    case 'int': return String(value);
    case 'json-number': return (value as JsonNumber).text;
    case 'float': return formatFloat(toNumber(value), 'g', -1);
    case 'slice': return `[${(value as unknown[]).map((item) => show(item, style, depth + 1)).join(' ')}]`;
    case 'map': return `map[${sortedKeys(value as object).map((key) => `${key}:${show((value as Record<string, unknown>)[key], style, depth + 1)}`).join(' ')}]`;
    case 'named': return (value as Named).text;
    case 'function': return '0x0';
    case 'struct': return showStruct(value as Struct, style, depth);
    default: return '';
  }
}

/** A value as a template prints it: there a pointer shows what it points to, and nothing at all is `<no value>`. */
export function showTop(value: unknown): string {
  const text = show(printable(value));
  return value instanceof Struct && text.startsWith('&') ? text.slice(1) : text;
}

function showStruct(value: Struct, style: Style, depth: number): string {
  // For a pointer inside another value Go prints its address. That tells nobody anything: the contents do.
  const head = value.type.startsWith('*') ? '&' : '';
  const fields = value.plain().map(([name, field]) => (style === 'named' ? `${name}:` : '') + show(field, style, depth + 1));
  return `${head}{${fields.join(' ')}}`;
}

function showSource(value: unknown): string {
  switch (kindOf(value)) {
    case 'nil': return '<nil>';
    case 'nil-pointer': return `(${typeOf(value)})(nil)`;
    case 'string': return quote(value as string);
    case 'json-number': return quote((value as JsonNumber).text);
    case 'named': return quote((value as Named).text);
    case 'slice': return `${typeOf(value)}{${(value as unknown[]).map(sourceInside).join(', ')}}`;
    case 'map': {
      const map = value as Record<string, unknown>;
      return `${typeOf(value)}{${sortedKeys(map).map((key) => `${quote(key)}:${sourceInside(map[key])}`).join(', ')}}`;
    }
    case 'struct': {
      const struct = value as Struct;
      const head = struct.type.startsWith('*') ? `&${struct.type.slice(1)}` : struct.type;
      return `${head}{${struct.plain().map(([name, field]) => `${name}:${sourceInside(field)}`).join(', ')}}`;
    }
    case 'boolean':
    case 'float':
    case 'function':
    case 'int': return show(value);
  }
}

function sourceInside(value: unknown): string {
  return kindOf(value) === 'nil' ? 'interface {}(nil)' : showSource(value);
}

/** Go's Sprint: a space between two operands when neither is a string. */
export function sprint(values: readonly unknown[]): string {
  let text = '';
  values.forEach((value, index) => {
    if (index > 0 && !isText(value) && !isText(values[index - 1])) text += ' ';
    text += show(value);
  });
  return text;
}

/** Go's Sprintln: spaces between all operands, a newline at the end. */
export function sprintln(values: readonly unknown[]): string {
  return `${values.map((value) => show(value)).join(' ')}\n`;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || kindOf(value) === 'json-number';
}

/** What stands for nothing at all where it is printed. */
export function printable(value: unknown): unknown {
  return kindOf(value) === 'nil' ? NO_VALUE : value;
}
