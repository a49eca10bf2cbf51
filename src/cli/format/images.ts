import type { ImageSummary } from '#protocol/images.ts';
import { renderRows, type Listing, type ListOptions, type Row } from './listing.ts';
import { shortId } from './short-text.ts';
import { ago, showUnixTime } from './times.ts';
import { humanSize } from './units.ts';

export const imageListing: Listing = {
  type: '*formatter.imageContext',
  heads: {
    ID: 'IMAGE ID', Repository: 'REPOSITORY', Tag: 'TAG', Digest: 'DIGEST', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT',
    Size: 'SIZE', Containers: 'CONTAINERS', VirtualSize: 'SIZE', SharedSize: 'SHARED SIZE', UniqueSize: 'UNIQUE SIZE',
  },
};

export const NONE = '<none>';
const TABLE = 'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';
const TABLE_WITH_DIGESTS = TABLE.replace('\t{{.ID}}', '\t{{.Digest}}\t{{.ID}}');

export interface ImagesOptions extends ListOptions {
  /** `--digests`: one more column, and a row for each digest. */
  readonly digests?: boolean | undefined;
}

/** One row of the list: an image under one of its names. */
export interface NamedImage {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/**
 * What `images` prints: one row for each name that an image has.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatImages(images: readonly ImageSummary[], options: ImagesOptions = {}): string {
  const { format = '', digests = false } = options;
  const rows = images.flatMap((image) => namesOf(image, digests, digests || format.includes('{{.Digest}}')));
  return renderRows(imageListing, rows.map((row) => imageRow(row, options.noTrunc ?? false)), resolve(format, options));
}

function resolve(format: string, { quiet, digests }: ImagesOptions): string {
  if (format === 'raw') return quiet === true ? 'image_id: {{.ID}}' : raw(digests === true);
  if (format !== '' && format !== 'table') return format;
  if (quiet === true) return '{{.ID}}';
  return digests === true ? TABLE_WITH_DIGESTS : TABLE;
}

function raw(digests: boolean): string {
  const digest = digests ? 'digest: {{.Digest}}\n' : '';
  return `repository: {{.Repository}}\ntag: {{.Tag}}\n${digest}image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n`;
}

function namesOf(image: ImageSummary, digests: boolean, perDigest: boolean): NamedImage[] {
  const tags = group(image.RepoTags ?? [], /^(.+):([^:/]+)$/);
  const digestsOf = group(image.RepoDigests ?? [], /^(.+)@(.+)$/);
  const rows: NamedImage[] = [];
  const add = (repository: string, tag: string, digest: string): void => void rows.push({ image, repository, tag, digest });
  for (const [repository, tagsOfIt] of tags) {
    const shown = perDigest ? (digestsOf.get(repository) ?? [NONE]) : [NONE];
    digestsOf.delete(repository);
    for (const tag of tagsOfIt) for (const digest of shown) add(repository, tag, digest);
  }
  for (const [repository, digestsOfIt] of digestsOf) {
    if (digests) for (const digest of digestsOfIt) add(repository, NONE, digest);
    else add(repository, NONE, '');
  }
  if (rows.length === 0) add(NONE, NONE, NONE);
  return rows;
}

function group(references: readonly string[], shape: RegExp): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const reference of references) {
    const [, repository, rest] = shape.exec(reference) ?? [];
    // Older engines name an image without a name so.
    if (repository === undefined || rest === undefined || repository === NONE) continue;
    groups.set(repository, [...(groups.get(repository) ?? []), rest]);
  }
  return groups;
}

/** The fields of one image in a list. */
export function imageRow({ image, repository, tag, digest }: NamedImage, noTrunc: boolean): Row {
  return {
    ID: () => (noTrunc ? image.Id : shortId(image.Id)),
    Repository: () => repository,
    Tag: () => tag,
    Digest: () => digest,
    CreatedSince: () => ago(image.Created),
    CreatedAt: () => showUnixTime(image.Created),
    Size: () => humanSize(image.Size, 3),
    Containers: () => (image.Containers === -1 ? 'N/A' : String(image.Containers)),
    VirtualSize: () => humanSize(image.Size),
    SharedSize: () => (image.SharedSize === -1 ? 'N/A' : humanSize(image.SharedSize)),
    UniqueSize: () => (image.SharedSize === -1 ? 'N/A' : humanSize(image.Size - image.SharedSize)),
  };
}
