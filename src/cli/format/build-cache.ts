import type { Listing, Row } from './listing.ts';
import { parseTime, showWireTime } from './times.ts';
import { humanDuration, humanSize } from './units.ts';

/** One record of the build cache in `GET /system/df`. */
export interface BuildCacheRecord {
  readonly ID: string;
  readonly Parent?: string;
  readonly Type: string;
  readonly Description: string;
  readonly InUse: boolean;
  readonly Shared: boolean;
  readonly Size: number;
  readonly CreatedAt: string;
  readonly LastUsedAt?: string | null;
  readonly UsageCount: number;
}

export const buildCacheListing: Listing = {
  type: '*formatter.buildCacheContext',
  heads: {
    ID: 'CACHE ID', Parent: 'PARENT', CacheType: 'CACHE TYPE', Size: 'SIZE', CreatedSince: 'CREATED', LastUsedSince: 'LAST USED',
    UsageCount: 'USAGE', InUse: 'IN USE', Shared: 'SHARED', Description: 'DESCRIPTION',
  },
};

/** A `*` after the id says that the record is in use. */
export function buildCacheRow(record: BuildCacheRecord, noTrunc: boolean): Row {
  return {
    ID: () => (noTrunc ? record.ID : record.ID.slice(0, 12)) + (record.InUse ? '*' : ''),
    Parent: () => (noTrunc ? (record.Parent ?? '') : (record.Parent ?? '').slice(0, 12)),
    CacheType: () => record.Type,
    Description: () => record.Description,
    Size: () => humanSize(record.Size, 3),
    CreatedAt: () => showWireTime(record.CreatedAt),
    CreatedSince: () => since(record.CreatedAt),
    LastUsedAt: () => (record.LastUsedAt ? showWireTime(record.LastUsedAt) : ''),
    LastUsedSince: () => since(record.LastUsedAt),
    UsageCount: () => String(record.UsageCount),
    InUse: () => String(record.InUse),
    Shared: () => String(record.Shared),
  };
}

function since(time: string | null | undefined): string {
  const at = parseTime(time ?? undefined);
  return at === undefined ? '' : `${humanDuration(Date.now() - at)} ago`;
}
