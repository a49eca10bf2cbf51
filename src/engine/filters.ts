import { EngineError } from '#base/errors.ts';

/** A list request's filters by name, as the user gave them. Each noun checks the names it knows. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** @throws {EngineError} `invalid` for a name that is not among `known`, in Docker's words */
export function assertKnownFilters(filters: Filters, known: ReadonlySet<string>): void {
  for (const name of filters.keys()) {
    if (!known.has(name)) throw new EngineError('invalid', `invalid filter '${name}'`);
  }
}

/** A filter that is yes or no; undefined where it was not given. Contradicting values are an error, as with Docker. */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name) ?? [];
  const truths = new Set(values.map((text) => truth(name, text)));
  if (truths.size > 1) throw new EngineError('invalid', `invalid filter '${name}=[${values.join(' ')}]'`);
  return [...truths][0];
}

function truth(name: string, text: string): boolean {
  const value = BOOLEANS.get(text);
  if (value === undefined) throw new EngineError('invalid', `invalid filter '${name}=[${text}]'`);
  return value;
}

/** For filters where Docker shows Go's own words about what is neither. */
export function goBoolean(name: string, text: string): boolean {
  const value = BOOLEANS.get(text);
  if (value === undefined) throw new EngineError('invalid', `invalid filter '${name}': strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

/** What Go's ParseBool takes. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'False', 'FALSE'].map((text) => [text, false] as const),
]);

/** `key` must be there, `key=value` must be just that; all of them. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((one) => {
    const at = one.indexOf('=');
    if (at < 0) return Object.hasOwn(labels, one);
    const key = one.slice(0, at);
    return Object.hasOwn(labels, key) && labels[key] === one.slice(at + 1);
  });
}
