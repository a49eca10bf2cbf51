import { typingOf } from './typed-list.ts';
import { compareText, Float, JsonNumber, Named, NilPointer, Struct } from './values.ts';

/**
 * A value as Go's JSON encoder writes it, HTML left alone.
 *
 * @param sorts maps by key, as Go does; false where the order of an object's keys is that of a struct's fields
 */
export function toJson(value: unknown, sorts: boolean = true): string {
  if (value === null || typeof value !== 'object') return writePlain(value);
  if (value instanceof NilPointer || typingOf(value)?.isNil === true) return 'null';
  if (value instanceof Struct) return value.encode();
  if (value instanceof Named) return toJson(value.wire, sorts);
  if (value instanceof Float) return String(value.value);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => toJson(item, sorts)).join(',')}]`;
  const entries = Object.entries(value);
  if (sorts) entries.sort(([a], [b]) => compareText(a, b));
  return `{${entries.map(([key, item]) => `${writeText(key)}:${toJson(item, sorts)}`).join(',')}}`;
}

/** JSON with the three characters of HTML escaped, as Go's encoder does unless told otherwise. */
export function escapeHtmlInJson(json: string): string {
  return json.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
}

function writePlain(value: unknown): string {
  switch (typeof value) {
    case 'string': return writeText(value);
    case 'boolean':
    case 'number':
    case 'bigint': return String(value);
    case 'function':
    case 'object':
    case 'symbol':
    case 'undefined': return 'null';
  }
}

function writeText(text: string): string {
  // Go escapes the line separators that JavaScript once could not take in a literal.
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
