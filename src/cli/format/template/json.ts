import { compareText, Float, JsonNumber, Named, NIL_MAP, NIL_SLICE, NilPointer, Struct } from './values.ts';

/** A value as Go's JSON encoder writes it, HTML left alone: maps by sorted key, structs in their order. */
export function toJson(value: unknown): string {
  return write(value, true);
}

/** @param sorts whether plain objects are Go maps (sorted) or were made by a struct, in order */
function write(value: unknown, sorts: boolean): string {
  if (value === null || value === undefined || typeof value === 'symbol' || typeof value === 'function') return 'null';
  if (value === NIL_SLICE || value === NIL_MAP) return 'null';
  if (typeof value === 'string') return writeText(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Struct) return write(value.wire(), false);
  if (value instanceof Named) return write(value.wire, sorts);
  if (value instanceof NilPointer) return 'null';
  if (value instanceof Float) return String(value.value);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => write(item, sorts)).join(',')}]`;
  const entries = Object.entries(value);
  if (sorts) entries.sort(([a], [b]) => compareText(a, b));
  return `{${entries.map(([key, item]) => `${writeText(key)}:${write(item, sorts)}`).join(',')}}`;
}

function writeText(text: string): string {
  // Go escapes the line separators that JavaScript once could not take in a literal.
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029').replaceAll('\x7f', '\x7f');
}
