import { EngineError } from '#base/errors.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease } from '#parts/content/leases.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import type { Digest } from '#parts/oci/digest.ts';
import { JsonFields, MAX_DOCUMENT_BYTES } from '#parts/oci/json-fields.ts';
import { parseManifest, type Index, type Manifest } from '#parts/oci/manifest.ts';
import { isIndexType, isManifestType } from '#parts/oci/media-types.ts';
import { platformRank, type Platform } from '#parts/oci/platform.ts';
import type { Reference } from '#parts/oci/reference.ts';
import type { Repository } from '#parts/registry/repository.ts';
import { noMatchingManifest, schema1Removed, unsupportedMediaType } from './pull-errors.ts';

/** A manifest or index, read and checked, and stored as it came. */
export interface Document {
  readonly digest: Digest;
  readonly content: Manifest | Index;
}

/** A platform, and how it is to be called in a message. */
export interface AskedPlatform extends Platform {
  readonly text: string;
}

interface Source {
  readonly repository: Repository;
  readonly content: ContentStore;
  readonly lease: Lease;
  readonly reference: Reference;
}

/** How deep indexes may lie in indexes; Docker goes on until its stack ends. */
const MAX_DEPTH = 8;

/**
 * What the reference's digest or tag stands for. One that is in the store already is not fetched again, but the registry
 * is asked for a digest too: an image is not said to come from where it is not.
 */
export async function resolveDocument(source: Source, cancel: AbortSignal): Promise<Document> {
  const wanted = source.reference.digest ?? source.reference.tag;
  if (wanted === undefined) throw new Error('a reference without tag and digest names no manifest');
  const digest = await source.repository.resolve(wanted, cancel);
  if (digest !== undefined) source.lease.protect(digest);
  if (digest !== undefined && source.content.has(digest)) return readDocument(source, { digest, mediaType: '' }, cancel);
  return fetchDocument(source, wanted, cancel);
}

/**
 * The image for a platform: the document itself, or the entry of an index that fits best.
 *
 * @throws {EngineError} `not-found` when no entry fits
 */
export async function chooseManifest(source: Source, document: Document, wanted: AskedPlatform, cancel: AbortSignal): Promise<Chosen> {
  const found = await search(source, document, { wanted, depth: 0 }, cancel);
  if (found === undefined) throw noMatchingManifest(wanted.text);
  return found;
}

type Chosen = Document & { readonly content: Manifest };

async function search(source: Source, document: Document, aim: { readonly wanted: Platform; readonly depth: number }, cancel: AbortSignal): Promise<Chosen | undefined> {
  const { digest, content } = document;
  if (content.kind === 'manifest') return { digest, content };
  if (aim.depth >= MAX_DEPTH) throw new EngineError('invalid', `invalid image manifest: more than ${MAX_DEPTH} indexes in one another`);
  for (const candidate of candidates(content, aim.wanted)) {
    const found = await search(source, await readDocument(source, candidate, cancel), { ...aim, depth: aim.depth + 1 }, cancel);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Best first. Entries without a platform come last; attestations are made for `unknown/unknown` and fit nowhere. */
function candidates({ manifests }: Index, wanted: Platform): readonly Descriptor[] {
  const ranked = manifests.flatMap((descriptor) => {
    // The specification has readers skip what they do not know.
    if (!isManifestType(descriptor.mediaType) && !isIndexType(descriptor.mediaType)) return [];
    const rank = descriptor.platform ? platformRank(wanted, descriptor.platform) : Number.MAX_SAFE_INTEGER;
    return rank === undefined ? [] : [{ rank, descriptor }];
  });
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ descriptor }) => descriptor);
}

async function readDocument(source: Source, { digest, mediaType }: Pick<Descriptor, 'digest' | 'mediaType'>, cancel: AbortSignal): Promise<Document> {
  source.lease.protect(digest);
  if (!source.content.has(digest)) return fetchDocument(source, digest, cancel);
  return { digest, content: read(source.reference, await source.content.bytes(digest, MAX_DOCUMENT_BYTES), mediaType) };
}

async function fetchDocument(source: Source, reference: string, cancel: AbortSignal): Promise<Document> {
  const { bytes, digest, mediaType } = await source.repository.getManifest(reference, cancel);
  // Read before it is stored: what is no manifest leaves nothing behind.
  const content = read(source.reference, bytes, mediaType);
  source.lease.protect(digest);
  await source.content.put(bytes);
  return { digest, content };
}

function read(reference: Reference, bytes: Buffer, mediaType: string): Manifest | Index {
  const fields = JsonFields.parse('image manifest', bytes);
  if (fields.integer('schemaVersion') === 1) throw schema1Removed(reference);
  const written = fields.string('mediaType');
  if (written !== '' && !isManifestType(written) && !isIndexType(written)) throw unsupportedMediaType(written);
  return parseManifest(bytes, mediaType);
}
