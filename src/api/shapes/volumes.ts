import type { Volume } from '#engine/volumes/volumes.ts';
import type { VolumeInfo } from '#protocol/volumes.ts';
import { formatGoSeconds } from '#protocol/timestamps.ts';
import { mapOrNull, sortedMap } from './empty.ts';

/** How Docker marks a volume that was made without a name. */
const ANONYMOUS = 'com.docker.volume.anonymous';

export function volumeInfo(volume: Volume, usage?: VolumeInfo['UsageData']): VolumeInfo {
  const labels = volume.anonymous ? { [ANONYMOUS]: '', ...volume.labels } : volume.labels;
  return {
    CreatedAt: formatGoSeconds(volume.createdAt),
    Driver: volume.driver,
    Labels: mapOrNull(sortedMap(labels)),
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: mapOrNull(sortedMap(volume.options)),
    Scope: 'local',
    ...(usage && { UsageData: usage }),
  };
}
