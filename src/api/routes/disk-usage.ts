import { EngineError, isKind } from '#base/errors.ts';
import { json, type WholeAnswer } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { containerSummary, isActive } from '#api/shapes/container-list.ts';
import { containersPerImage, imageSummary, sharedBytes } from '#api/shapes/images.ts';
import { volumeInfo } from '#api/shapes/volumes.ts';
import type { ContainerDetails } from '#engine/containers/container.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { Images } from '#engine/images/images.ts';
import type { System } from '#engine/system/system.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { ContainerSummary } from '#protocol/containers.ts';
import type { ImageSummary } from '#protocol/images.ts';
import type { DiskUsageInfo, DiskUsageSums, UsageSum } from '#protocol/system.ts';
import type { VolumeInfo } from '#protocol/volumes.ts';
import { imageVersion } from './images.ts';
import { listVersion } from './containers.ts';

interface Parts {
  readonly containers: Containers;
  readonly images: Images;
  readonly volumes: Volumes;
  readonly system: System;
}

const KINDS: ReadonlySet<string> = new Set(['container', 'image', 'volume', 'build-cache']);

export function diskUsageRoutes(parts: Parts): Route[] {
  return [route('GET', '/system/df', (request) => diskUsage(parts, request))];
}

async function diskUsage(parts: Parts, request: ApiRequest): Promise<WholeAnswer> {
  const asked = request.query.list('type');
  for (const kind of asked) {
    if (!KINDS.has(kind)) throw new EngineError('invalid', `unknown object type: ${kind}`);
  }
  const wants = (kind: string): boolean => asked.length === 0 || asked.includes(kind);
  const containers = await parts.containers.list({ all: true, limit: 0, size: wants('container'), filters: new Map() });
  const facts: Facts = {
    containers,
    layersBytes: wants('image') ? (await parts.system.diskUsage()).layersBytes : 0,
    imageRows: wants('image') ? imageRows(parts, request, containers) : null,
    containerRows: wants('container') ? containers.map((one) => containerSummary(one, listVersion(request), Date.now())) : null,
    volumeRows: wants('volume') ? await volumeRows(parts, containers) : null,
    buildCache: wants('build-cache'),
  };
  return json(request.speaks('1.52') ? sums(facts, request.query.flag('verbose')) : lists(facts));
}

interface Facts {
  readonly containers: readonly ContainerDetails[];
  readonly layersBytes: number;
  readonly imageRows: readonly ImageSummary[] | null;
  readonly containerRows: readonly ContainerSummary[] | null;
  readonly volumeRows: readonly VolumeInfo[] | null;
  readonly buildCache: boolean;
}

function lists(facts: Facts): DiskUsageInfo {
  return {
    LayersSize: facts.layersBytes,
    Images: facts.imageRows,
    Containers: facts.containerRows,
    Volumes: facts.volumeRows,
    BuildCache: facts.buildCache ? [] : null,
  };
}

function sums(facts: Facts, verbose: boolean): DiskUsageSums {
  const { containers, imageRows, containerRows, volumeRows } = facts;
  const active = new Set(containers.filter(isActive).map(({ id }) => id));
  const sizeOf = (row: VolumeInfo): number => Math.max(row.UsageData?.Size ?? 0, 0);
  return {
    ...(imageRows && {
      ImageUsage: {
        ...summed(imageRows, verbose, (row) => row.Containers > 0, (row) => row.Size - Math.max(row.SharedSize, 0)),
        TotalSize: facts.layersBytes,
      },
    }),
    ...(containerRows && { ContainerUsage: summed(containerRows, verbose, (row) => active.has(row.Id), (row) => row.SizeRw ?? 0) }),
    ...(volumeRows && { VolumeUsage: summed(volumeRows, verbose, (row) => (row.UsageData?.RefCount ?? 0) > 0, sizeOf) }),
    ...(facts.buildCache && { BuildCacheUsage: { ActiveCount: 0, TotalCount: 0, Reclaimable: 0, TotalSize: 0 } }),
  };
}

function summed<Row>(rows: readonly Row[], verbose: boolean, isUsed: (row: Row) => boolean, sizeOf: (row: Row) => number): UsageSum<Row> {
  const total = (some: readonly Row[]): number => some.reduce((sum, row) => sum + sizeOf(row), 0);
  return {
    ActiveCount: rows.filter(isUsed).length,
    TotalCount: rows.length,
    Reclaimable: total(rows.filter((row) => !isUsed(row))),
    TotalSize: total(rows),
    ...(verbose && rows.length > 0 && { Items: rows }),
  };
}

function imageRows({ images }: Parts, request: ApiRequest, containers: readonly ContainerDetails[]): readonly ImageSummary[] {
  const all = images.list({ all: false, filters: new Map() });
  const [shared, uses] = [sharedBytes(all), containersPerImage(containers)];
  return all.map((image) =>
    imageSummary(image, imageVersion(request), { containers: uses.get(image.id) ?? 0, sharedBytes: shared.get(image.id) ?? 0 }),
  );
}

async function volumeRows({ volumes }: Parts, containers: readonly ContainerDetails[]): Promise<readonly VolumeInfo[]> {
  const uses = containers.flatMap(({ runtime }) => [...new Set(runtime.mounts.map(({ name }) => name))]);
  const rows: VolumeInfo[] = [];
  for (const volume of volumes.list(new Map())) {
    const refCount = uses.filter((name) => name === volume.name).length;
    rows.push(volumeInfo(volume, { RefCount: refCount, Size: await sizeOf(volumes, volume.name) }));
  }
  return rows;
}

/** -1 is Docker's "not known": it went in the meantime. */
async function sizeOf(volumes: Volumes, name: string): Promise<number> {
  try {
    return await volumes.weigh(name);
  } catch (thrown) {
    if (isKind(thrown, 'not-found')) return -1;
    throw thrown;
  }
}
