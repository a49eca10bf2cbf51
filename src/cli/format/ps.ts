import type { ContainerSummary } from '#protocol/containers.ts';
import { showLabels } from './labels.ts';
import { renderRows, rowStruct, type Listing, type ListOptions, type Row } from './listing.ts';
import { showPorts } from './ports.ts';
import { ellipsis, shortId } from './short-text.ts';
import { compileTemplate, TemplateError } from './template.ts';
import { quote } from './template/quote.ts';
import { NilPointer } from './template/values.ts';
import { ago, showUnixTime } from './times.ts';
import { humanSize } from './units.ts';

export const containerListing: Listing = {
  type: '*formatter.ContainerContext',
  heads: {
    ID: 'CONTAINER ID', Names: 'NAMES', Image: 'IMAGE', Command: 'COMMAND', CreatedAt: 'CREATED AT', RunningFor: 'CREATED',
    Ports: 'PORTS', State: 'STATE', Status: 'STATUS', Size: 'SIZE', Labels: 'LABELS', Mounts: 'MOUNTS',
    LocalVolumes: 'LOCAL VOLUMES', Networks: 'NETWORKS', Platform: 'PLATFORM',
  },
};

/** Engines with several platforms in one image tell which one a container runs; ours has no such images. */
const NO_PLATFORM = new NilPointer('*v1.Platform');

const TABLE = 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';
export const RAW_CONTAINER = `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`;

export interface PsOptions extends ListOptions {
  /** `--size`: one more column in the table. */
  readonly size?: boolean | undefined;
}

/**
 * What `ps` prints.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatContainers(containers: readonly ContainerSummary[], options: PsOptions = {}): string {
  const { format = '' } = options;
  if (format !== '') checkContainersFormat(format);
  return renderRows(containerListing, containers.map((container) => containerRow(container, options.noTrunc ?? false)), resolve(format, options));
}

/** Docker tries a format on an empty container before it asks the engine, with errors of their own wording. */
export function checkContainersFormat(format: string): void {
  const check = (act: () => unknown, what: string): void => {
    try {
      act();
    } catch (error) {
      throw error instanceof TemplateError ? new TemplateError(`failed to ${what} template: ${error.message}`) : error;
    }
  };
  let template: ((data: unknown) => string) | undefined;
  check(() => (template = compileTemplate(format)), 'parse');
  check(() => template?.(rowStruct(containerListing.type, containerRow(NO_CONTAINER, false))), 'execute');
}

/**
 * Whether a template asks for sizes, so that they must be asked of the engine.
 */
export function wantsSizes(format: string): boolean {
  return /\.Size\b/.test(format) || format === 'json' || /\{\{\s*json\s+\.\s*\}\}/.test(format);
}

function resolve(format: string, { quiet, size }: PsOptions): string {
  if (format === 'raw') return quiet === true ? 'container_id: {{.ID}}' : RAW_CONTAINER + (size === true ? 'size: {{.Size}}\n' : '');
  // Quiet wins over any other format; the command warns about it.
  if (quiet === true) return '{{.ID}}';
  if (format !== '' && format !== 'table') return format;
  return TABLE + (size === true ? '\t{{.Size}}' : '');
}

const NO_CONTAINER = {
  Id: '', Names: [], Image: '', ImageID: '', Command: '', Created: 0, Ports: [], Labels: {}, State: 'created', Status: '',
  HostConfig: { NetworkMode: '' }, NetworkSettings: { Networks: {} }, Mounts: [],
} as const satisfies ContainerSummary;

/** The fields of one container in a list. */
export function containerRow(container: ContainerSummary, noTrunc: boolean): Row {
  const labels = container.Labels ?? {};
  return {
    ID: () => (noTrunc ? container.Id : shortId(container.Id)),
    Names: () => namesOf(container.Names ?? [], noTrunc),
    Image: () => imageOf(container, noTrunc),
    Command: () => quote(noTrunc ? container.Command : ellipsis(container.Command, 20)),
    CreatedAt: () => showUnixTime(container.Created),
    RunningFor: () => ago(container.Created),
    Ports: () => showPorts(container.Ports),
    State: () => container.State,
    Status: () => container.Status,
    Size: () => sizeOf(container),
    Labels: () => showLabels(labels),
    Label: (name) => labels[name as string] ?? '',
    LocalVolumes: () => String((container.Mounts ?? []).filter((mount) => mount.Driver === 'local').length),
    Mounts: () => (container.Mounts ?? []).map((mount) => {
      const name = mount.Name === undefined || mount.Name === '' ? mount.Source : mount.Name;
      return noTrunc ? name : ellipsis(name, 15);
    }).join(','),
    Networks: () => Object.keys(container.NetworkSettings?.Networks ?? {}).toSorted().join(','),
    Platform: () => NO_PLATFORM,
  };
}

/** Aliases of links have a second slash: they are shown only in full. */
function namesOf(names: readonly string[], noTrunc: boolean): string {
  const plain = names.map((name) => name.replace(/^\//, ''));
  return (noTrunc ? plain : plain.filter((name) => !name.includes('/')).slice(0, 1)).join(',');
}

function imageOf({ Image: image, ImageID: imageId }: ContainerSummary, noTrunc: boolean): string {
  if (image === '') return '<no image>';
  if (noTrunc) return image;
  if (imageId !== '' && shortId(imageId) === shortId(image)) return shortId(imageId);
  // A digest says nothing more where a tag stands beside it.
  return image.replace(/^([^@]*:[^/@]+)@.*$/, '$1');
}

function sizeOf({ SizeRw: writable = 0, SizeRootFs: whole = 0 }: ContainerSummary): string {
  return humanSize(writable, 3) + (whole > 0 ? ` (virtual ${humanSize(whole, 3)})` : '');
}
