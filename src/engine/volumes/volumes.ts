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

export interface Volumes {
  /** Creating one that is there already answers the old one, as Docker does. */
  create(request: { name: string; driver: string; options: Readonly<Record<string, string>>; labels: Readonly<Record<string, string>> }): Promise<Volume>;
  list(filters: Filters): readonly Volume[];
  /** @throws {EngineError} `not-found`: `get NAME: no such volume` */
  inspect(name: string): Volume;
  /** The bytes of its files; walks through all of them. */
  weigh(name: string): Promise<number>;
  remove(name: string, options: { readonly force: boolean }): Promise<void>;
  prune(filters: Filters): Promise<{ readonly deleted: readonly string[]; readonly reclaimedBytes: number }>;
}
