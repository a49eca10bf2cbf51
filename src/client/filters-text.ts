import { encodeFilters } from '#protocol/filters.ts';

export type Filters = Readonly<Record<string, readonly string[]>>;

/** The value of a `filters` parameter; undefined where there is nothing to filter. */
export function filtersText(filters: Filters): string | undefined {
  return encodeFilters(new Map(Object.entries(filters))) || undefined;
}
