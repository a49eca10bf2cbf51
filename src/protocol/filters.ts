import { EngineError } from '#base/errors.ts';

/** A list request's filters by name. */
export type FilterArgs = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the `filters` of a query: `{"label":{"a=b":true}}`, and `{"label":["a=b"]}` as clients before 1.22 wrote it.
 *
 * @throws {EngineError} `invalid` with Docker's words
 */
export function decodeFilters(text: string | undefined): FilterArgs {
  if (text === undefined || text === '') return new Map();
  const value = parsed(text);
  if (value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidFilter();
  return new Map(Object.entries(value).map(([name, wanted]) => [name, valuesOf(wanted)]));
}

/** The newer of the two forms; empty text where there is nothing to say. */
export function encodeFilters(filters: FilterArgs): string {
  if (filters.size === 0) return '';
  const object = Object.fromEntries(
    [...filters].map(([name, values]) => [name, Object.fromEntries(values.map((value) => [value, true]))]),
  );
  return JSON.stringify(object);
}

function valuesOf(wanted: unknown): readonly string[] {
  if (Array.isArray(wanted)) {
    if (!wanted.every((value) => typeof value === 'string')) throw invalidFilter();
    return wanted as string[];
  }
  if (typeof wanted !== 'object' || wanted === null) throw invalidFilter();
  const entries = Object.entries(wanted);
  if (!entries.every(([, on]) => typeof on === 'boolean')) throw invalidFilter();
  return entries.map(([value]) => value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidFilter();
  }
}

function invalidFilter(): EngineError {
  return new EngineError('invalid', 'invalid filter');
}
