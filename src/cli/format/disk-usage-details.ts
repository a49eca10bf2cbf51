import type { ContainerSummary } from '#protocol/containers.ts';
import type { ImageSummary } from '#protocol/images.ts';
import { buildCacheListing, buildCacheRow } from './build-cache.ts';
import type { DiskUsage } from './disk-usage.ts';
import { imageListing, imageRow, NONE } from './images.ts';
import { parsingError, readFormat, renderRows, rowStruct, type Listing, type Row } from './listing.ts';
import { containerListing, containerRow, RAW_CONTAINER } from './ps.ts';
import { compileTemplate, type CompiledTemplate } from './template.ts';
import { toJson } from './template/json.ts';
import { Struct } from './template/values.ts';
import { humanSize } from './units.ts';
import { volumeListing, volumeRow } from './volume.ts';

const IMAGES = 'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}';
const CONTAINERS = 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}';
const VOLUMES = 'table {{.Name}}\t{{.Links}}\t{{.Size}}';
const BUILD_CACHE = 'table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}';

const RAW_IMAGE = `type: Image
repository: {{.Repository}}
tag: {{.Tag}}
digest: {{.Digest}}
image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
`;
const RAW_VOLUME = 'type: Volume\nname: {{.Name}}\ndriver: {{.Driver}}\n';
const RAW_BUILD_CACHE = `type: Build Cache
build_cache_id: {{.ID}}
parent_id: {{.Parent}}
build_cache_type: {{.CacheType}}
description: {{.Description}}
created_at: {{.CreatedAt}}
created_since: {{.CreatedSince}}
last_used_at: {{.LastUsedAt}}
last_used_since: {{.LastUsedSince}}
usage_count: {{.UsageCount}}
in_use: {{.InUse}}
shared: {{.Shared}}
`;

/** One kind of object with the formats it is shown in. */
interface Part {
  readonly name: 'Images' | 'Containers' | 'Volumes' | 'BuildCache';
  readonly listing: Listing;
  readonly rows: readonly Row[];
  readonly table: string;
  readonly raw: string;
}

/** What `system df --verbose` prints. */
export function formatUsageDetails(usage: DiskUsage, format: string): string {
  if (format === '' || format === 'table') return tables(partsOf(usage, false), usage);
  const parts = partsOf(usage, true);
  if (format === 'raw') return parts.map(({ listing, rows, raw }) => renderRows(listing, rows, raw)).join('');
  return compile(readFormat(format).source)(structOf(parts));
}

function compile(source: string): CompiledTemplate {
  try {
    return compileTemplate(source);
  } catch (error) {
    throw parsingError(error);
  }
}

function tables(parts: readonly Part[], usage: DiskUsage): string {
  const [images = '', containers = '', volumes = '', buildCache = ''] = parts.map(({ listing, rows, table }) => renderRows(listing, rows, table));
  const ownBytes = (usage.BuildCache ?? []).filter((record) => !record.Shared).reduce((sum, record) => sum + record.Size, 0);
  return `Images space usage:\n\n${images}\nContainers space usage:\n\n${containers}\nLocal Volumes space usage:\n\n${volumes}`
    + `\nBuild cache usage: ${humanSize(ownBytes)}\n\n${buildCache}`;
}

function structOf(parts: readonly Part[]): Struct {
  const fields = Object.fromEntries(parts.map(({ name, listing, rows }) => [name, rows.map((row) => rowStruct(listing.type, row))]));
  return new Struct('*formatter.diskUsageContext', fields, () => toJson(fields, false));
}

function partsOf(usage: DiskUsage, noTrunc: boolean): Part[] {
  return [
    { name: 'Images', listing: imageListing, rows: (usage.Images ?? []).map((image) => imageRow(firstName(image), noTrunc)), table: IMAGES, raw: RAW_IMAGE },
    {
      name: 'Containers', listing: containerListing, rows: (usage.Containers ?? []).map((container) => containerRow(withoutRoot(container), noTrunc)),
      table: CONTAINERS, raw: `type: Container\n${RAW_CONTAINER}size: {{.Size}}\n`,
    },
    { name: 'Volumes', listing: volumeListing, rows: (usage.Volumes ?? []).map(volumeRow), table: VOLUMES, raw: RAW_VOLUME },
    {
      name: 'BuildCache', listing: buildCacheListing, table: BUILD_CACHE, raw: RAW_BUILD_CACHE,
      rows: (usage.BuildCache ?? []).toSorted((a, b) => Number(b.InUse) - Number(a.InUse)).map((record) => buildCacheRow(record, noTrunc)),
    },
  ];
}

/** An image is counted once here, under its first name. */
function firstName(image: ImageSummary): Parameters<typeof imageRow>[0] {
  const [, repository = NONE, tag = NONE] = /^(.+):([^:/]+)$/.exec(image.RepoTags?.[0] ?? '') ?? [];
  return { image, repository, tag, digest: '' };
}

/** The image's own size is no part of a container's. */
function withoutRoot(container: ContainerSummary): ContainerSummary {
  const { SizeRootFs: _, ...rest } = container;
  return rest;
}
