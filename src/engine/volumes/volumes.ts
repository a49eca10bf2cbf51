import type { Filters } from '#engine/filters.ts';

export interface Volume {
  readonly name: string;
  readonly driver: string;
  readonly mountpoint: string;
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
}

export interface VolumeRequest {
  /** Empty: one is made up, and the volume is anonymous. */
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The name was made up already. */
  readonly anonymous?: boolean;
}

export interface Volumes {
  /** Creating one that is there already answers the old one, as Docker does. */
  create(request: VolumeRequest): Promise<Volume>;
  /** Keeps a volume of that name, also one that is still to be made, while a container is made that will use it. */
  hold(name: string, containerId: string): Disposable;
  list(filters: Filters): readonly Volume[];
  /** @throws {EngineError} `not-found`: `get NAME: no such volume` */
  inspect(name: string): Volume;
  /** The bytes of its files; walks through all of them. */
  weigh(name: string): Promise<number>;
  remove(name: string, options: { readonly force: boolean }): Promise<void>;
  prune(filters: Filters): Promise<{ readonly deleted: readonly string[]; readonly reclaimedBytes: number }>;
}
