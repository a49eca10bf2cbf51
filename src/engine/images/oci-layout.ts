import { EngineError } from '#base/errors.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import type { Digest } from '#parts/oci/digest.ts';
import { parseImageDocument } from '#parts/oci/image-document.ts';
import { parseManifest, type Manifest } from '#parts/oci/manifest.ts';
import { isConfigType, isIndexType, isLayerType, isManifestType } from '#parts/oci/media-types.ts';
import { choosePlatform, type Platform } from '#parts/oci/platform.ts';
import { parseReference, type Reference } from '#parts/oci/reference.ts';
import type { ArchiveFiles } from './archive-files.ts';
import type { CommitRequest } from './image-committer.ts';

const MAX_DEPTH = 4;
/** containerd's, with the whole name; OCI's own holds as a rule only the tag. */
const WHOLE_NAME = 'io.containerd.image.name';
const REF_NAME = 'org.opencontainers.image.ref.name';

/**
 * The images of an OCI image layout. Of an index inside it, the image for `platform` is taken; where it has none, the
 * first one that the archive holds.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export async function ociLayoutImages(files: ArchiveFiles, platform: Platform): Promise<CommitRequest[]> {
  const top = parseManifest(await files.bytes(files.get('index.json').digest), '');
  if (top.kind !== 'index') throw new EngineError('invalid', 'index.json is no image index');
  const images = new Map<Digest, CommitRequest>();
  for (const descriptor of top.manifests) {
    if (isAttestation(descriptor) || (!isIndexType(descriptor.mediaType) && !isManifestType(descriptor.mediaType))) continue;
    const found = await manifestOf(descriptor, files, platform, 0);
    if (!found) continue;
    const image = images.get(found.digest) ?? (await imageOf(found, files));
    images.set(found.digest, { ...image, names: [...image.names, ...nameOf(descriptor)] });
  }
  if (images.size === 0) throw new EngineError('invalid', 'the archive holds no image');
  return [...images.values()];
}

interface FoundManifest {
  readonly digest: Digest;
  readonly manifest: Manifest;
}

async function manifestOf(descriptor: Descriptor, files: ArchiveFiles, platform: Platform, depth: number): Promise<FoundManifest | undefined> {
  const blob = files.blob(descriptor.digest);
  if (!blob) return undefined;
  const document = parseManifest(await files.bytes(blob.digest), descriptor.mediaType);
  if (document.kind === 'manifest') return { digest: blob.digest, manifest: document };
  if (depth >= MAX_DEPTH) throw new EngineError('invalid', 'the archive has an index inside of an index too often');
  const candidates = document.manifests.filter((each) => !isAttestation(each) && files.blob(each.digest) !== undefined);
  const chosen = choosePlatform(platform, candidates) ?? candidates[0];
  return chosen && (await manifestOf(chosen, files, platform, depth + 1));
}

async function imageOf({ digest, manifest }: FoundManifest, files: ArchiveFiles): Promise<CommitRequest> {
  if (!isConfigType(manifest.config.mediaType)) {
    throw new EngineError('invalid', `${digest} is no container image: its configuration is of type ${manifest.config.mediaType}`);
  }
  const { diffIds } = parseImageDocument(await files.bytes(present(manifest.config, files)));
  if (diffIds.length !== manifest.layers.length) {
    throw new EngineError('invalid', `invalid manifest, layers length mismatch: expected ${diffIds.length}, got ${manifest.layers.length}`);
  }
  const layers = manifest.layers.map((descriptor, index) => {
    if (!isLayerType(descriptor.mediaType)) throw new EngineError('invalid', `unsupported media type ${descriptor.mediaType} of a layer`);
    present(descriptor, files);
    return { descriptor, diffId: diffIds[index] as Digest };
  });
  return { config: manifest.config.digest, manifest: digest, layers, parent: '', names: [] };
}

function present(descriptor: Descriptor, files: ArchiveFiles): Digest {
  const blob = files.blob(descriptor.digest);
  if (!blob) throw new EngineError('invalid', `the archive has no content ${descriptor.digest}`);
  if (blob.sizeBytes !== descriptor.sizeBytes) {
    throw new EngineError('invalid', `content ${descriptor.digest} has ${blob.sizeBytes} bytes, its manifest says ${descriptor.sizeBytes}`);
  }
  return blob.digest;
}

/** BuildKit puts its attestations beside the images, for a platform that does not exist. */
function isAttestation({ annotations, platform }: Descriptor): boolean {
  return annotations['vnd.docker.reference.type'] !== undefined || (platform?.os === 'unknown' && platform.architecture === 'unknown');
}

function nameOf({ annotations }: Descriptor): Reference[] {
  const whole = annotations[WHOLE_NAME];
  const text = whole ?? annotations[REF_NAME];
  // A tag alone names nothing: `latest` would become a repository of that name.
  if (text === undefined || (whole === undefined && !/[/:]/.test(text))) return [];
  const reference = parseReference(text);
  return reference.tag === undefined ? [] : [{ ...reference, digest: undefined }];
}
