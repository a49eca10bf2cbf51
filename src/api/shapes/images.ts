import type { ContainerDetails } from '#engine/containers/container.ts';
import type { HistoryEntry, Image, RemovedImage } from '#engine/images/images.ts';
import type { ImageRunConfig } from '#parts/oci/image-config.ts';
import type { ContainerConfig } from '#protocol/containers.ts';
import type { ImageConfigInfo, ImageDeleteEntry, ImageHistoryEntry, ImageInspect, ImageSummary } from '#protocol/images.ts';
import { formatGoTime } from '#protocol/timestamps.ts';
import { listOrNull, mapOrNull, memberSet, sortedMap } from './empty.ts';
import { healthConfig } from './health-config.ts';

/** How images change with the API version. */
export interface ImageVersion {
  /** Before 1.43 an image without names is called `<none>`. */
  readonly namesNone: boolean;
  /** Before 1.44. */
  readonly virtualSize: boolean;
  /** Before 1.45. */
  readonly containerConfig: boolean;
  /** Before 1.50 the configuration holds the fields of a container's. */
  readonly containerFields: boolean;
  /** Before 1.52. */
  readonly parent: boolean;
}

/** What is counted for a list where it is asked for; -1 is "not counted". */
export interface ImageCounts {
  readonly containers: number;
  readonly sharedBytes: number;
}

export const UNCOUNTED: ImageCounts = { containers: -1, sharedBytes: -1 };

export function imageSummary(image: Image, version: ImageVersion, counts: ImageCounts): ImageSummary {
  const unnamed = version.namesNone && image.repoTags.length === 0 && image.repoDigests.length === 0;
  return {
    Containers: counts.containers,
    Created: unixSeconds(image.createdAt),
    Id: image.id,
    Labels: mapOrNull(sortedMap(image.config.labels)),
    ParentId: image.parent,
    RepoDigests: unnamed ? ['<none>@<none>'] : image.repoDigests,
    RepoTags: unnamed ? ['<none>:<none>'] : image.repoTags,
    SharedSize: counts.sharedBytes,
    Size: image.sizeBytes,
    ...(version.virtualSize && { VirtualSize: image.sizeBytes }),
  };
}

export function imageInspect(image: Image, version: ImageVersion): ImageInspect {
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    ...(version.parent && { Parent: image.parent }),
    Comment: image.comment,
    ...(image.createdAt && { Created: formatGoTime(image.createdAt) }),
    ...(version.containerConfig && { ContainerConfig: EMPTY_CONFIG }),
    ...(version.parent && { DockerVersion: '' }),
    Author: image.author,
    Architecture: image.architecture,
    ...(image.variant !== '' && { Variant: image.variant }),
    Os: image.os,
    ...(image.osVersion !== '' && { OsVersion: image.osVersion }),
    Size: image.sizeBytes,
    ...(version.virtualSize && { VirtualSize: image.sizeBytes }),
    GraphDriver: { Data: null, Name: 'overlay2' },
    RootFS: { Type: 'layers', ...(image.diffIds.length > 0 && { Layers: image.diffIds }) },
    Metadata: { LastTagTime: formatGoTime(image.lastTaggedAt) },
    Config: imageConfig(image.config, version),
  };
}

function imageConfig(config: ImageRunConfig, version: ImageVersion): ImageConfigInfo {
  const own: ImageConfigInfo = {
    Cmd: config.cmd,
    Entrypoint: config.entrypoint,
    Env: listOrNull(config.env),
    Labels: mapOrNull(sortedMap(config.labels)),
    OnBuild: config.onBuild,
    User: config.user,
    Volumes: config.volumes.length > 0 ? memberSet(config.volumes) : null,
    WorkingDir: config.workingDir,
    ...(config.argsEscaped && { ArgsEscaped: true }),
    ...(config.exposedPorts.length > 0 && { ExposedPorts: memberSet(config.exposedPorts) }),
    ...(config.healthcheck && { Healthcheck: healthConfig(config.healthcheck) }),
    ...(config.stopSignal !== null && config.stopSignal !== '' && { StopSignal: config.stopSignal }),
    ...(config.shell && config.shell.length > 0 && { Shell: config.shell }),
  };
  const all = version.containerFields ? { ...EMPTY_CONFIG, ...own } : own;
  return sortedMap(all as unknown as Record<string, unknown>) as unknown as ImageConfigInfo;
}

const EMPTY_CONFIG: ContainerConfig = {
  Hostname: '', Domainname: '', User: '', AttachStdin: false, AttachStdout: false, AttachStderr: false, Tty: false,
  OpenStdin: false, StdinOnce: false, Env: null, Cmd: null, Image: '', Volumes: null, WorkingDir: '', Entrypoint: null,
  OnBuild: null, Labels: null,
};

export function imageHistoryEntry(entry: HistoryEntry & { readonly id: string; readonly tags: readonly string[] }): ImageHistoryEntry {
  return {
    Comment: entry.comment,
    Created: unixSeconds(entry.createdAt),
    CreatedBy: entry.createdBy,
    Id: entry.id,
    Size: entry.sizeBytes,
    Tags: listOrNull(entry.tags),
  };
}

export function imageDeleteEntry(removed: RemovedImage): ImageDeleteEntry {
  return 'untagged' in removed ? { Untagged: removed.untagged } : { Deleted: removed.deleted };
}

/**
 * How many bytes of each image's layers belong to another image too, by image id. Layers are the same where all below
 * them are the same; their sizes are those of the history's entries that have a layer.
 */
export function sharedBytes(images: readonly Image[]): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const chains = images.map(({ diffIds }) => diffIds.map((_, index) => diffIds.slice(0, index + 1).join(' ')));
  for (const chain of chains.flat()) uses.set(chain, (uses.get(chain) ?? 0) + 1);
  const entries = images.map((image, index): [string, number] => {
    const sizes = image.history.filter(({ emptyLayer }) => !emptyLayer).map(({ sizeBytes }) => sizeBytes);
    const shared = (chains[index] ?? []).map((chain, layer) => ((uses.get(chain) ?? 0) > 1 ? (sizes[layer] ?? 0) : 0));
    return [image.id, shared.reduce((sum, size) => sum + size, 0)];
  });
  return new Map(entries);
}

/** How many containers were made from each image, by image id. */
export function containersPerImage(containers: readonly ContainerDetails[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { imageId } of containers) counts.set(imageId, (counts.get(imageId) ?? 0) + 1);
  return counts;
}

function unixSeconds(time: Date | null): number {
  return time ? Math.trunc(time.getTime() / 1000) : 0;
}
