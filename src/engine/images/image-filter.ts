import { EngineError } from '#base/errors.ts';
import type { Filters } from '#engine/filters.ts';
import { familiarName, familiarText, type Reference } from '#parts/oci/reference.ts';
import { globPattern } from './glob.ts';
import { getImage } from './image-finder.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import { parseMoment } from './moments.ts';

const LIST_FILTERS: ReadonlySet<string> = new Set(['dangling', 'label', 'before', 'since', 'reference', 'until']);
const PRUNE_FILTERS: ReadonlySet<string> = new Set(['dangling', 'label', 'label!', 'until']);

export interface ListedImage {
  readonly image: StoredImage;
  /** Those of its names that the filters leave. */
  readonly names: readonly Reference[];
}

/**
 * What `docker images` shows, newest first. An image without a name, which another was built on, is left out unless all
 * are asked for.
 *
 * @throws {EngineError} `invalid`: `invalid filter 'x'`
 */
export function filterImages(records: ImageRecords, query: { readonly all: boolean; readonly filters: Filters }): ListedImage[] {
  const { all, filters } = query;
  assertKnown(filters, LIST_FILTERS);
  const dangling = flagFilter(filters, 'dangling');
  const fits = imageTest(records, filters);
  const patterns = filters.get('reference')?.map(globPattern);
  const matches = (name: Reference): boolean => patterns?.some((pattern) => pattern.test(familiarText(name)) || pattern.test(familiarName(name))) ?? true;
  const isTagged = (name: Reference): boolean => name.digest === undefined;
  return records
    .all()
    .filter(fits)
    .map((image) => ({ image, names: records.namesOf(image.id).filter(matches) }))
    .filter(({ image, names }) => {
      if (dangling === true && (names.some(isTagged) || records.hasChildren(image.id))) return false;
      if (names.length > 0) return true;
      if (dangling === false || patterns) return false;
      return all || !records.hasChildren(image.id);
    })
    .sort((a, b) => createdMs(b.image) - createdMs(a.image));
}

/** Which images a prune may take, before it looks at names and containers. */
export function pruneTest(filters: Filters): { readonly danglingOnly: boolean; readonly fits: (image: StoredImage) => boolean } {
  assertKnown(filters, PRUNE_FILTERS);
  const danglingOnly = flagFilter(filters, 'dangling') ?? true;
  const until = untilFilter(filters);
  const wanted = labelTests(filters.get('label') ?? []);
  const unwanted = labelTests(filters.get('label!') ?? []);
  const fits = (image: StoredImage): boolean => {
    const { labels } = image.document.config;
    if (until !== undefined && (!image.document.createdAt || image.document.createdAt.getTime() > until)) return false;
    return wanted.every((test) => test(labels)) && !unwanted.some((test) => test(labels));
  };
  return { danglingOnly, fits };
}

function imageTest(records: ImageRecords, filters: Filters): (image: StoredImage) => boolean {
  const bound = (name: string): number | undefined => {
    const ref = filters.get(name)?.at(-1);
    return ref === undefined ? undefined : createdMs(getImage(records, ref));
  };
  const [before, since, until] = [bound('before'), bound('since'), untilFilter(filters)];
  const labels = labelTests(filters.get('label') ?? []);
  return (image) => {
    const created = image.document.createdAt?.getTime();
    const inTime =
      (before === undefined || (created !== undefined && created < before)) &&
      (since === undefined || (created !== undefined && created > since)) &&
      (until === undefined || (created !== undefined && created < until));
    return inTime && labels.every((test) => test(image.document.config.labels));
  };
}

function untilFilter(filters: Filters): number | undefined {
  const values = filters.get('until') ?? [];
  if (values.length > 1) throw new EngineError('invalid', 'more than one until filter specified');
  return values[0] === undefined ? undefined : parseMoment(values[0]);
}

/** `name`, or `name=value`. */
function labelTests(values: readonly string[]): ((labels: Readonly<Record<string, string>>) => boolean)[] {
  return values.map((value) => {
    const equals = value.indexOf('=');
    if (equals < 0) return (labels) => Object.hasOwn(labels, value);
    const [name, text] = [value.slice(0, equals), value.slice(equals + 1)];
    return (labels) => Object.hasOwn(labels, name) && labels[name] === text;
  });
}

/** undefined where it is not asked for. */
function flagFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name);
  if (!values || values.length === 0) return undefined;
  const isTrue = values.some((value) => value === '1' || value === 'true');
  const isFalse = values.some((value) => value === '0' || value === 'false');
  if (isTrue === isFalse) throw new EngineError('invalid', `invalid filter '${name}=[${values.join(' ')}]'`);
  return isTrue;
}

function assertKnown(filters: Filters, known: ReadonlySet<string>): void {
  for (const name of filters.keys()) if (!known.has(name)) throw new EngineError('invalid', `invalid filter '${name}'`);
}

function createdMs(image: StoredImage): number {
  return image.document.createdAt?.getTime() ?? 0;
}
