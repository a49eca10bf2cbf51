import { type Filters, assertKnownFilters, booleanFilter, hasLabels } from '#engine/filters.ts';
import type { Volume } from './volumes.ts';

const KNOWN: ReadonlySet<string> = new Set(['dangling', 'driver', 'label', 'label!', 'name']);

/** @throws {EngineError} `invalid` for a filter or a value that Docker does not have */
export function matchesVolume(filters: Filters, isUsed: (name: string) => boolean): (volume: Volume) => boolean {
  assertKnownFilters(filters, KNOWN);
  const dangling = booleanFilter(filters, 'dangling');
  const drivers = filters.get('driver') ?? [];
  const names = filters.get('name') ?? [];
  const unwanted = filters.get('label!') ?? [];
  return (volume) =>
    (dangling === undefined || dangling === !isUsed(volume.name)) &&
    (drivers.length === 0 || drivers.includes(volume.driver)) &&
    (names.length === 0 || names.some((part) => volume.name.includes(part))) &&
    hasLabels(volume.labels, filters.get('label') ?? []) &&
    !unwanted.some((one) => hasLabels(volume.labels, [one]));
}
