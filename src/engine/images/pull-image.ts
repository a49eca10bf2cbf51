import { EngineError } from '#base/errors.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease } from '#parts/content/leases.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import type { Digest } from '#parts/oci/digest.ts';
import { parseImageDocument, type ImageDocument } from '#parts/oci/image-document.ts';
import { MAX_DOCUMENT_BYTES } from '#parts/oci/json-fields.ts';
import type { Manifest } from '#parts/oci/manifest.ts';
import { isConfigType } from '#parts/oci/media-types.ts';
import type { Platform } from '#parts/oci/platform.ts';
import { canonicalText, type Reference } from '#parts/oci/reference.ts';
import type { Repository } from '#parts/registry/repository.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import type { Report } from './images.ts';
import { configFailed, unsupportedMediaType } from './pull-errors.ts';
import type { BlobWatcher } from './pull-blob.ts';
import type { BlobFetcher } from './pull-fetcher.ts';
import { pullLayers } from './pull-layers.ts';
import { chooseManifest, resolveDocument, type AskedPlatform } from './pull-resolve.ts';

/** What a pull needs of the image store. */
export interface ImageTarget {
  /** What a name stands for now. */
  find(reference: Reference): KnownImage | undefined;
  has(imageId: Digest): boolean;
  /** Records an image, all of whose parts are stored, and gives it its tag and its digest in one step. */
  commit(image: PulledImage, lease: Lease, cancel: AbortSignal): Promise<void>;
  /** Removes what nothing needs, whatever its age: on a full disk the rest of a pull is not kept for the next try. */
  freeSpace(): Promise<void>;
}

export interface KnownImage {
  readonly id: string;
  readonly platform: Platform;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PulledImage {
  readonly reference: Reference;
  /** What the registry knows the reference by: an index, or the manifest itself. */
  readonly rootDigest: Digest;
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  /** The configuration; its digest is the image's id. */
  readonly document: ImageDocument;
}

interface Parts {
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly images: ImageTarget;
  readonly fetcher: BlobFetcher;
}

export interface ImageWanted {
  readonly repository: Repository;
  /** With a tag or a digest. */
  readonly reference: Reference;
  readonly platform: AskedPlatform;
  /** Protects what is fetched until the image has its name. */
  readonly lease: Lease;
}

/** Pulls one image; true where its name has come to stand for another image than before. */
export async function pullImage(parts: Parts, wanted: ImageWanted, report: Report, cancel: AbortSignal): Promise<boolean> {
  const { repository, reference, platform, lease } = wanted;
  const source = { repository, reference, lease, content: parts.content };
  const root = await resolveDocument(source, cancel);
  report({ id: reference.digest ? canonicalText(reference) : (reference.tag ?? ''), status: `Pulling from ${reference.path}` });
  const { digest: manifestDigest, content: manifest } = await chooseManifest(source, root, platform, cancel);

  const document = parseImageDocument(await pullConfig(parts, wanted, manifest.config, cancel));
  if (!parts.images.has(manifest.config.digest)) {
    await pullLayers(parts, { repository, lease, layers: manifest.layers, diffIds: document.diffIds }, report, cancel);
  }
  report({ id: '', status: `Digest: ${root.digest}` });
  const isNew = parts.images.find(reference)?.id !== manifest.config.digest;
  await parts.images.commit({ reference, rootDigest: root.digest, manifestDigest, manifest, document }, lease, cancel);
  return isNew;
}

const SILENT: BlobWatcher = { bytes: () => undefined, verifying: () => undefined, retry: () => undefined };

async function pullConfig({ content, fetcher }: Parts, { repository, lease }: ImageWanted, descriptor: Descriptor, cancel: AbortSignal): Promise<Buffer> {
  if (!isConfigType(descriptor.mediaType)) throw unsupportedMediaType(descriptor.mediaType);
  lease.protect(descriptor.digest);
  try {
    if (descriptor.sizeBytes > MAX_DOCUMENT_BYTES) throw new EngineError('internal', `it has ${descriptor.sizeBytes} bytes`);
    if (!content.has(descriptor.digest)) await fetcher.fetch(repository, descriptor, SILENT, cancel);
    return await content.bytes(descriptor.digest, MAX_DOCUMENT_BYTES);
  } catch (thrown) {
    cancel.throwIfAborted();
    throw configFailed(descriptor.digest, thrown);
  }
}
