import { formatDuration } from '../durations.ts';
import { toJson } from '../template/json.ts';
import { typed } from '../template/typed-list.ts';
import { Float, isTrue, JsonNumber, Named, NilPointer, Struct } from '../template/values.ts';
import { showWireTime } from '../times.ts';
import { fieldsOf } from './structs.ts';

/** Types that have a name of their own for a list or a map of something else. */
const ALIASES: Readonly<Record<string, string>> = {
  'nat.PortMap': 'map[nat.Port][]nat.PortBinding',
  'nat.PortSet': 'map[nat.Port]struct{}',
  'strslice.StrSlice': '[]string',
};
const INTEGERS: ReadonlySet<string> = new Set(['int', 'int64', 'uint', 'uint16', 'uint64', 'fs.FileMode']);

type WireObject = Readonly<Record<string, unknown>>;

/**
 * What Go would make of a JSON value that it reads into a type: absent fields get the type's zero value, lists and maps
 * know what they hold, and templates see Go's names of fields.
 *
 * @param type a Go type: `*container.State`, `map[string]string`
 */
export function decode(type: string, wire: unknown): unknown {
  const pointer = type.startsWith('*');
  if (pointer && (wire === null || wire === undefined)) return new NilPointer(type);
  const base = pointer ? type.slice(1) : type;
  if (base === 'any') return decodeAny(wire);
  const list = /^\[\d*\](.+)$/.exec(ALIASES[base] ?? base);
  if (list !== null) return decodeList(base, list[1]!, wire);
  const map = /^map\[([^\]]+)\](.+)$/.exec(ALIASES[base] ?? base);
  if (map !== null) return decodeMap({ type: base, key: map[1]!, value: map[2]! }, wire);
  if (base === 'struct{}') return new Struct(base, {}, () => '{}');
  if (fieldsOf(base) !== undefined) return decodeStruct(type, base, wire);
  return decodeScalar(base, wire);
}

function decodeScalar(type: string, wire: unknown): unknown {
  if (type === 'bool') return wire === true;
  if (type === 'string') return typeof wire === 'string' ? wire : '';
  if (INTEGERS.has(type)) return typeof wire === 'number' || typeof wire === 'bigint' ? wire : 0;
  if (type === 'time.Duration') return new Named(type, formatDuration(Number(wire ?? 0)), wire ?? 0);
  if (type === 'time.Time') return new Named(type, showWireTime(typeof wire === 'string' ? wire : '0001-01-01T00:00:00Z'), wire);
  // What is left are texts under a name of their own, such as container.NetworkMode.
  return new Named(type, typeof wire === 'string' ? wire : '', wire ?? '');
}

function decodeList(type: string, of: string, wire: unknown): unknown {
  const items = Array.isArray(wire) ? wire.map((item) => decode(of, item)) : [];
  return typed(items, { type, isNil: !Array.isArray(wire) });
}

function decodeMap({ type, key, value }: { type: string; key: string; value: string }, wire: unknown): unknown {
  const isNil = typeof wire !== 'object' || wire === null;
  const entries = isNil ? [] : Object.entries(wire).map(([name, item]) => [name, decode(value, item)] as const);
  return typed(Object.fromEntries(entries), { type, isNil, key, zero: () => decode(value, undefined) });
}

function decodeStruct(type: string, base: string, wire: unknown): Struct {
  const object = (typeof wire === 'object' && wire !== null ? wire : {}) as WireObject;
  const fields: Record<string, unknown> = {};
  const shape: [string, unknown][] = [];
  for (const field of fieldsOf(base)!) {
    const value = field.embedded ? decodeStruct(field.type, field.type.replace(/^\*/, ''), object) : decode(field.type, object[field.key]);
    if (field.embedded) Object.assign(fields, (value as Struct).fields);
    fields[field.name] = value;
    shape.push([field.name, value]);
  }
  return new Struct(type, fields, () => encode(base, object), shape);
}

function encode(base: string, object: WireObject): string {
  return `{${encodeFields(base, object).join(',')}}`;
}

/** Of the fields that a struct has, those that the engine sent: what it left out is left out again. */
function encodeFields(base: string, object: WireObject): string[] {
  return fieldsOf(base)!.flatMap((field) => {
    if (field.embedded) return encodeFields(field.type.replace(/^\*/, ''), object);
    if (field.key === '' || !Object.hasOwn(object, field.key)) return [];
    const value = decode(field.type, object[field.key]);
    if (field.omitsEmpty && !isTrue(value)) return [];
    return [`${JSON.stringify(field.key)}:${toJson(value)}`];
  });
}

function decodeAny(wire: unknown): unknown {
  return typeof wire === 'number' ? new Float(wire) : wire;
}

/** A JSON document without types, as docker reads it when its structs do not do: numbers stay as they were written. */
export function decodeUntyped(wire: unknown): unknown {
  if (typeof wire === 'number' || typeof wire === 'bigint') return new JsonNumber(toJson(wire));
  if (Array.isArray(wire)) return wire.map(decodeUntyped);
  if (typeof wire !== 'object' || wire === null) return wire;
  return Object.fromEntries(Object.entries(wire).map(([key, item]) => [key, decodeUntyped(item)]));
}
