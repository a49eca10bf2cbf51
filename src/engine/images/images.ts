import type { Readable } from 'node:stream';
import type { Filters } from '#engine/filters.ts';
import type { ImageRunConfig } from '#parts/oci/image-config.ts';

/** An image of the store: what its configuration file says, and where it stands. */
export interface Image {
  /** `sha256:…` of the configuration. */
  readonly id: string;
  /** `nginx:latest`, familiar form, in the order of their whole names, as with Docker. */
  readonly repoTags: readonly string[];
  /** `nginx@sha256:…`. */
  readonly repoDigests: readonly string[];
  readonly parent: string;
  readonly comment: string;
  readonly author: string;
  readonly createdAt: Date | null;
  readonly architecture: string;
  readonly variant: string;
  readonly os: string;
  readonly osVersion: string;
  readonly config: ImageRunConfig;
  /** Digests of the unpacked layers, lowest first (`rootfs.diff_ids`). */
  readonly diffIds: readonly string[];
  /** The snapshot of the whole image; empty for an image without layers. */
  readonly chainId: string;
  /** Unpacked, all layers together. */
  readonly sizeBytes: number;
  readonly lastTaggedAt: Date | null;
  readonly history: readonly HistoryEntry[];
}

/** One step of an image's making, oldest first. */
export interface HistoryEntry {
  readonly createdAt: Date | null;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
  readonly emptyLayer: boolean;
  readonly sizeBytes: number;
}

/** Progress as Docker tells it: one message per change of one id. The API writes it out as JSON lines. */
export interface Progress {
  /** A layer's short digest, or empty. */
  readonly id: string;
  readonly status: string;
  /** To be told also where progress is not wanted. */
  readonly notice?: true;
  readonly current?: number;
  readonly total?: number;
}

export type Report = (progress: Progress) => void;

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken: string;
  readonly registryToken: string;
  readonly serverAddress: string;
}

/** What a user can do with images. `ref` is a reference, an id, or a unique prefix of an id. */
export interface Images {
  /** @throws {EngineError} `not-found`: `No such image: REF` */
  get(ref: string): Image;
  find(ref: string): Image | undefined;
  list(query: { all: boolean; filters: Filters }): readonly Image[];
  history(ref: string): readonly (HistoryEntry & { readonly id: string; readonly tags: readonly string[] })[];
  pull(request: PullRequest, report: Report, cancel: AbortSignal): Promise<void>;
  /** Reads a docker-archive or an OCI layout, compressed or not. */
  load(archive: Readable, options: { readonly platform: string; readonly quiet: boolean }, report: Report, cancel: AbortSignal): Promise<readonly string[]>;
  /** A docker-archive that is an OCI layout too, as Docker writes it. Throws `not-found` before the first byte. */
  save(refs: readonly string[], cancel: AbortSignal): Promise<Readable>;
  import(archive: Readable, request: ImportRequest, report: Report, cancel: AbortSignal): Promise<string>;
  tag(ref: string, repository: string, tag: string): void;
  remove(ref: string, options: { readonly force: boolean; readonly noPrune: boolean }): Promise<readonly RemovedImage[]>;
  prune(filters: Filters): Promise<{ readonly removed: readonly RemovedImage[]; readonly reclaimedBytes: number }>;
}

export interface PullRequest {
  /** As the user gave it: `nginx`, `localhost:5000/a/b`, `a@sha256:…`. */
  readonly reference: string;
  /** A tag or digest given beside it; empty: of the reference, else `latest`. */
  readonly tag: string;
  readonly platform: string;
  readonly credentials: RegistryCredentials | undefined;
}

export interface ImportRequest {
  readonly repository: string;
  readonly tag: string;
  readonly message: string;
  readonly changes: readonly string[];
  readonly platform: string;
}

export type RemovedImage = { readonly untagged: string } | { readonly deleted: string };
