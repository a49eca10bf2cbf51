import type { VolumeInfo } from '#protocol/volumes.ts';
import { showLabels } from './labels.ts';
import { renderRows, type Listing, type ListOptions, type Row } from './listing.ts';
import { compareNatural } from './natural-order.ts';
import { humanSize } from './units.ts';

export const volumeListing: Listing = {
  type: '*formatter.volumeContext',
  heads: {
    Name: 'VOLUME NAME', Driver: 'DRIVER', Scope: 'SCOPE', Mountpoint: 'MOUNTPOINT', Labels: 'LABELS', Links: 'LINKS',
    Size: 'SIZE', Availability: 'AVAILABILITY', Group: 'GROUP', Status: 'STATUS',
  },
};

const TABLE = 'table {{.Driver}}\t{{.Name}}';
const RAW = 'name: {{.Name}}\ndriver: {{.Driver}}\n';

/**
 * What `volume ls` prints, by name.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatVolumes(volumes: readonly VolumeInfo[], options: ListOptions = {}): string {
  const sorted = volumes.toSorted((a, b) => compareNatural(a.Name, b.Name));
  return renderRows(volumeListing, sorted.map(volumeRow), resolve(options));
}

function resolve({ format = '', quiet }: ListOptions): string {
  if (format === 'raw') return quiet === true ? 'name: {{.Name}}' : RAW;
  if (format !== '' && format !== 'table') return format;
  return quiet === true ? '{{.Name}}' : TABLE;
}

/** The fields of one volume. Those of a cluster's volumes are not known. */
export function volumeRow(volume: VolumeInfo): Row {
  const labels = volume.Labels ?? {};
  return {
    Name: () => volume.Name,
    Driver: () => volume.Driver,
    Scope: () => volume.Scope,
    Mountpoint: () => volume.Mountpoint,
    Labels: () => showLabels(labels),
    Label: (name) => labels[name as string] ?? '',
    Links: () => (volume.UsageData === undefined ? 'N/A' : String(volume.UsageData.RefCount)),
    Size: () => (volume.UsageData === undefined ? 'N/A' : humanSize(volume.UsageData.Size)),
    Availability: () => 'N/A',
    Group: () => 'N/A',
    Status: () => 'N/A',
  };
}
