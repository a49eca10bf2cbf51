import type { ContainerSummary } from '#protocol/containers.ts';
import type { ImageSummary } from '#protocol/images.ts';
import type { DiskUsageInfo } from '#protocol/system.ts';
import type { VolumeInfo } from '#protocol/volumes.ts';
import type { BuildCacheRecord } from './build-cache.ts';
import { formatUsageDetails } from './disk-usage-details.ts';
import { renderRows, type Listing, type Row } from './listing.ts';
import { humanSize } from './units.ts';

/** `GET /system/df`, as older and newer engines answer it. */
export type DiskUsage = Omit<DiskUsageInfo, 'BuildCache'> & { readonly BuildCache?: readonly BuildCacheRecord[] | null };

export interface DiskUsageOptions {
  readonly format?: string | undefined;
  /** `--verbose`: every object instead of sums. */
  readonly verbose?: boolean | undefined;
}

/** One kind of object: how many, how many in use, and what would come free without the rest. */
interface Sum {
  readonly type: string;
  readonly goType: string;
  readonly total: number;
  readonly active: number;
  readonly sizeBytes: number;
  readonly reclaimable: string;
}

const heads: Listing['heads'] = { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' };
const TABLE = 'table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}';
const RAW = 'type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\nreclaimable: {{.Reclaimable}}\n';

/**
 * What `system df` prints.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatDiskUsage(usage: DiskUsage, options: DiskUsageOptions = {}): string {
  const { format = '', verbose = false } = options;
  if (verbose) return formatUsageDetails(usage, format);
  const resolved = format === '' || format === 'table' ? TABLE : format === 'raw' ? RAW : format;
  const sums = [sumImages(usage), sumContainers(usage.Containers ?? []), sumVolumes(usage.Volumes ?? []), sumBuildCache(usage.BuildCache ?? [])];
  if (resolved.startsWith('table')) return renderRows({ type: sums[0]!.goType, heads }, sums.map(sumRow), resolved);
  // Each kind has a type of its own, which only messages show.
  return sums.map((sum) => renderRows({ type: sum.goType, heads }, [sumRow(sum)], resolved)).join('');
}

function sumRow(sum: Sum): Row {
  return {
    Type: () => sum.type,
    TotalCount: () => String(sum.total),
    Active: () => String(sum.active),
    Size: () => humanSize(sum.sizeBytes),
    Reclaimable: () => sum.reclaimable,
  };
}

function sumImages({ Images: list, LayersSize: layersBytes }: DiskUsage): Sum {
  const images = list ?? [];
  const used = images
    .filter((image) => image.Containers !== 0 && image.Size !== -1 && image.SharedSize !== -1)
    .reduce((sum, image) => sum + image.Size - image.SharedSize, 0);
  return {
    type: 'Images', goType: '*formatter.diskUsageImagesContext', total: images.length, active: images.filter(hasContainers).length,
    sizeBytes: layersBytes, reclaimable: withShare(layersBytes - used, layersBytes),
  };
}

function hasContainers(image: ImageSummary): boolean {
  return image.Containers > 0;
}

function sumContainers(containers: readonly ContainerSummary[]): Sum {
  const total = bytesOf(containers);
  const idle = containers.filter((container) => !/running|paused|restarting/.test(container.State));
  return {
    type: 'Containers', goType: '*formatter.diskUsageContainersContext', total: containers.length, active: containers.length - idle.length,
    sizeBytes: total, reclaimable: withShare(bytesOf(idle), total),
  };
}

function bytesOf(containers: readonly ContainerSummary[]): number {
  return containers.reduce((sum, container) => sum + (container.SizeRw ?? 0), 0);
}

function sumVolumes(volumes: readonly VolumeInfo[]): Sum {
  const bytes = (list: readonly VolumeInfo[]): number => list.reduce((sum, { UsageData: data }) => sum + Math.max(0, data?.Size ?? 0), 0);
  const used = volumes.filter(({ UsageData: data }) => (data?.RefCount ?? 0) > 0);
  const total = bytes(volumes);
  return {
    type: 'Local Volumes', goType: '*formatter.diskUsageVolumesContext', total: volumes.length, active: used.length,
    sizeBytes: total, reclaimable: withShare(total - bytes(used), total),
  };
}

function sumBuildCache(records: readonly BuildCacheRecord[]): Sum {
  const own = records.filter((record) => !record.Shared);
  const bytes = (list: readonly BuildCacheRecord[]): number => list.reduce((sum, record) => sum + record.Size, 0);
  const used = own.filter((record) => record.InUse);
  return {
    type: 'Build Cache', goType: '*formatter.diskUsageBuilderContext', total: records.length,
    active: records.filter((record) => record.InUse).length, sizeBytes: bytes(own), reclaimable: humanSize(bytes(own) - bytes(used)),
  };
}

function withShare(bytes: number, totalBytes: number): string {
  return totalBytes > 0 ? `${humanSize(bytes)} (${Math.trunc((bytes * 100) / totalBytes)}%)` : humanSize(bytes);
}
