import { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Leases } from '#parts/content/leases.ts';
import { descriptorJson, type Descriptor } from '#parts/oci/descriptor.ts';
import { digestOf, hexOf, isDigest, type Digest } from '#parts/oci/digest.ts';
import { MAX_DOCUMENT_BYTES } from '#parts/oci/json-fields.ts';
import { parseManifest } from '#parts/oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '#parts/oci/media-types.ts';
import { canonicalText, familiarName, familiarText, parseReference, repositoryOf, type Reference } from '#parts/oci/reference.ts';
import { END_OF_ARCHIVE, paddingOf, plainEntry, tarHeader } from '#parts/tar/writer.ts';
import { noSuchImage, noSuchReference } from './errors.ts';
import { publishImage } from './image-events.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { LayerBlobs } from './layer-blobs.ts';

interface Parts {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly events: Events;
}

interface SavedImage {
  readonly image: StoredImage;
  readonly names: readonly Reference[];
  readonly layers: readonly Descriptor[];
  readonly manifest: { readonly descriptor: Descriptor; readonly bytes: Buffer };
}

/** Writes images as an archive that is both: Docker's, with a `manifest.json`, and an OCI image layout. */
export class ImageSaver {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {EngineError} `not-found` before the first byte, for a name or content that is not here */
  async save(refs: readonly string[], cancel: AbortSignal): Promise<Readable> {
    const chosen = this.#chosen(refs);
    const saved: SavedImage[] = [];
    for (const [image, names] of chosen) saved.push(await this.#prepared(image, names));
    return Readable.from(this.#archive(saved, cancel), { objectMode: false, highWaterMark: 256 * 1024 });
  }

  /** A repository alone means all of its tags; an id saves an image without names. */
  #chosen(refs: readonly string[]): Map<StoredImage, Reference[]> {
    const { records } = this.#parts;
    const chosen = new Map<StoredImage, Reference[]>();
    const add = (image: StoredImage, names: readonly Reference[]): void => {
      const known = chosen.get(image) ?? [];
      chosen.set(image, [...known, ...names.filter((name) => !known.some((each) => canonicalText(each) === canonicalText(name)))]);
    };
    for (const ref of refs) {
      const byId = /^[0-9a-f]{64}$/.test(ref) || isDigest(ref) ? records.findByPrefix(ref) : undefined;
      const name = byId ? undefined : this.#parsed(ref);
      if (byId) add(byId, []);
      else if (name && (name.tag !== undefined || name.digest !== undefined)) {
        const image = records.findByName(name);
        if (!image) throw noSuchReference();
        add(image, name.digest === undefined ? [name] : []);
      } else if (name) this.#addRepository(ref, name, add);
    }
    return chosen;
  }

  #parsed(ref: string): Reference {
    if (isDigest(ref)) throw noSuchImage(ref);
    return parseReference(ref);
  }

  #addRepository(ref: string, name: Reference, add: (image: StoredImage, names: readonly Reference[]) => void): void {
    const { records } = this.#parts;
    const all = records.namesIn(repositoryOf(name)).filter(({ reference }) => reference.digest === undefined);
    for (const { reference, imageId } of all) {
      const image = records.find(imageId);
      if (image) add(image, [reference]);
    }
    if (all.length > 0) return;
    const byId = records.findByPrefix(ref);
    if (!byId) throw noSuchImage(ref);
    add(byId, []);
  }

  async #prepared(image: StoredImage, names: readonly Reference[]): Promise<SavedImage> {
    const { content, blobs } = this.#parts;
    const stored = await content.bytes(image.manifest, MAX_DOCUMENT_BYTES);
    const original = parseManifest(stored, '');
    const wanted = original.kind === 'manifest' ? original.layers : [];
    const layers = image.document.diffIds.map((diffId, index) => {
      const found = blobs.find(diffId, wanted[index]?.digest);
      if (!found) throw new EngineError('not-found', `the content of layer ${diffId} is not here any more: pull the image again`);
      return found;
    });
    const isAsCame = layers.every(({ digest }, index) => digest === wanted[index]?.digest);
    const bytes = isAsCame ? stored : await this.#newManifest(image, layers);
    const descriptor: Descriptor = { ...NOTHING, mediaType: isAsCame ? original.mediaType : OCI_MANIFEST, digest: digestOf(bytes), sizeBytes: bytes.length };
    return { image, names, layers: isAsCame ? wanted : layers, manifest: { descriptor, bytes } };
  }

  async #newManifest(image: StoredImage, layers: readonly Descriptor[]): Promise<Buffer> {
    const { length } = await this.#parts.content.bytes(image.id, MAX_DOCUMENT_BYTES);
    const config = descriptorJson({ ...NOTHING, mediaType: OCI_CONFIG, digest: image.id, sizeBytes: length });
    return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: layers.map(descriptorJson) }));
  }

  async *#archive(saved: readonly SavedImage[], cancel: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { leases, events } = this.#parts;
    using lease = leases.take();
    const made = new Map<Digest, Buffer>(saved.map(({ manifest }) => [manifest.descriptor.digest, manifest.bytes]));
    const stored = new Map<Digest, Date | null>(saved.flatMap(({ image, layers }) => [image.id, ...layers.map(({ digest }) => digest)].map((digest) => [digest, image.document.createdAt])));
    lease.protect(...stored.keys());
    for (const folder of ['blobs/', 'blobs/sha256/']) yield tarHeader(plainEntry('directory', folder));
    for (const digest of [...stored.keys(), ...made.keys()].toSorted((a, b) => (a < b ? -1 : Number(a > b)))) {
      cancel.throwIfAborted();
      const path = blobPath(digest);
      const bytes = made.get(digest);
      if (bytes) yield* smallFile(path, bytes);
      else yield* this.#blob(path, digest, stored.get(digest) ?? null, cancel);
    }
    for (const [path, value] of documents(saved)) yield* smallFile(path, Buffer.from(JSON.stringify(value)));
    yield END_OF_ARCHIVE;
    for (const { image } of saved) publishImage(events, 'save', image.id, image);
  }

  async *#blob(path: string, digest: Digest, createdAt: Date | null, cancel: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { content } = this.#parts;
    const sizeBytes = content.find(digest)?.sizeBytes;
    if (sizeBytes === undefined) throw new EngineError('not-found', `content ${digest} not found`);
    const modified = { seconds: Math.max(0, Math.floor((createdAt?.getTime() ?? 0) / 1000)), nanoseconds: 0 };
    yield tarHeader(plainEntry('file', path, { sizeBytes, modified }));
    for await (const chunk of content.open(digest)) {
      cancel.throwIfAborted();
      yield chunk as Buffer;
    }
    yield new Uint8Array(paddingOf(sizeBytes));
  }
}

const NOTHING: Omit<Descriptor, 'mediaType' | 'digest' | 'sizeBytes'> = { platform: undefined, annotations: {}, urls: [] };

function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function* smallFile(path: string, bytes: Buffer): Generator<Uint8Array, void, undefined> {
  yield tarHeader(plainEntry('file', path, { sizeBytes: bytes.length }));
  yield bytes;
  yield new Uint8Array(paddingOf(bytes.length));
}

/** The lists, in the order in which Docker writes them. */
function documents(saved: readonly SavedImage[]): [string, unknown][] {
  const manifests = saved.flatMap(({ manifest, names }) => {
    const plain = descriptorJson(manifest.descriptor);
    const annotated = names.map((name) => ({
      ...plain,
      annotations: { 'io.containerd.image.name': canonicalText(name), 'org.opencontainers.image.ref.name': name.tag },
    }));
    return annotated.length > 0 ? annotated : [plain];
  });
  const list = saved.map(({ image, names, layers }) => ({
    Config: blobPath(image.id),
    RepoTags: names.length > 0 ? names.map(familiarText) : null,
    Layers: layers.map(({ digest }) => blobPath(digest)),
    LayerSources: Object.fromEntries(layers.map((layer, index) => [image.document.diffIds[index], descriptorJson(layer)])),
  }));
  return [
    ['index.json', { schemaVersion: 2, mediaType: OCI_INDEX, manifests }],
    ['manifest.json', list],
    ['oci-layout', { imageLayoutVersion: '1.0.0' }],
    ...(saved.some(({ names }) => names.length > 0) ? [['repositories', repositories(saved)] as [string, unknown]] : []),
  ];
}

/** What Docker before 1.10 read: tags by repository, each with its topmost layer. */
function repositories(saved: readonly SavedImage[]): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const { image, names } of saved) {
    for (const name of names) (all[familiarName(name)] ??= {})[name.tag ?? ''] = hexOf(image.document.diffIds.at(-1) ?? image.id);
  }
  return all;
}
