export interface VolumeInfo {
  readonly CreatedAt: string;
  readonly Driver: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Mountpoint: string;
  readonly Name: string;
  readonly Options: Readonly<Record<string, string>> | null;
  readonly Scope: 'local' | 'global';
  /** In `/system/df` alone; -1 is "not known". */
  readonly UsageData?: { readonly RefCount: number; readonly Size: number };
}

export interface VolumeList {
  readonly Volumes: readonly VolumeInfo[];
  readonly Warnings: readonly string[] | null;
}

/** The body of `POST /volumes/create`. */
export interface CreateVolumeBody {
  readonly Name?: string;
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

export interface PruneVolumesResponse {
  readonly VolumesDeleted: readonly string[] | null;
  readonly SpaceReclaimed: number;
}
