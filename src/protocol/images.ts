import type { ContainerConfig, GraphDriver, HealthConfig } from './containers.ts';

/** One row of `GET /images/json`. `Created` is Unix seconds; -1 is "not counted". */
export interface ImageSummary {
  readonly Containers: number;
  readonly Created: number;
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly ParentId: string;
  readonly RepoDigests: readonly string[];
  readonly RepoTags: readonly string[];
  readonly SharedSize: number;
  readonly Size: number;
  /** Before API 1.44. */
  readonly VirtualSize?: number;
}

/** How an image says it is run. Before API 1.50 the fields of a container's configuration stand beside these. */
export interface ImageConfigInfo extends Partial<ContainerConfig> {
  readonly User: string;
  readonly Env: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
  readonly Entrypoint: readonly string[] | null;
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly OnBuild: readonly string[] | null;
  readonly Volumes: Readonly<Record<string, Readonly<Record<string, never>>>> | null;
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly Healthcheck?: HealthConfig;
  readonly StopSignal?: string;
  readonly Shell?: readonly string[];
  readonly ArgsEscaped?: boolean;
}

export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Parent?: string;
  readonly Comment: string;
  readonly Created?: string;
  readonly ContainerConfig?: ContainerConfig;
  readonly DockerVersion?: string;
  readonly Author: string;
  readonly Config: ImageConfigInfo | null;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Os: string;
  readonly OsVersion?: string;
  readonly Size: number;
  readonly VirtualSize?: number;
  readonly GraphDriver?: GraphDriver;
  readonly RootFS: { readonly Type: 'layers'; readonly Layers?: readonly string[] };
  readonly Metadata: { readonly LastTagTime: string };
}

export interface ImageHistoryEntry {
  readonly Comment: string;
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Id: string;
  readonly Size: number;
  readonly Tags: readonly string[] | null;
}

export type ImageDeleteEntry = { readonly Untagged: string } | { readonly Deleted: string };

export interface PruneImagesResponse {
  readonly ImagesDeleted: readonly ImageDeleteEntry[] | null;
  readonly SpaceReclaimed: number;
}
