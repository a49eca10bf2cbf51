// Go writes a slice or map that was never made as null. The engine keeps empty ones; these say which of the two a field is.

/** null instead of an empty list. */
export function listOrNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

type Texts = Readonly<Record<string, string>>;

/** null instead of an empty object. */
export function mapOrNull(map: Texts): Texts | null {
  return Object.keys(map).length === 0 ? null : map;
}

/** For fields that Go leaves out when they are empty (`omitempty`). */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The object without its empty fields; the order stays. */
export function withoutEmpty<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value))) as Partial<T>;
}

type Members = Readonly<Record<string, Readonly<Record<string, never>>>>;

/** Go's way to write a set: `{"80/tcp":{}}`, keys sorted. */
export function memberSet(names: readonly string[]): Members {
  return Object.fromEntries([...names].sort(byCodeUnit).map((name) => [name, {}]));
}

/** An object with its keys sorted, as Go writes a map. */
export function sortedMap<T>(map: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => byCodeUnit(a, b)));
}

export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
