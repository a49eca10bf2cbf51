import { EngineError } from '#base/errors.ts';
import { compressionOf } from '#parts/layers/compression.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import { parseImageDocument } from '#parts/oci/image-document.ts';
import { JsonFields } from '#parts/oci/json-fields.ts';
import { isLayerType } from '#parts/oci/media-types.ts';
import { parseReference, type Reference } from '#parts/oci/reference.ts';
import type { ArchiveFiles } from './archive-files.ts';
import type { CommitRequest } from './image-committer.ts';
import { layerDescriptor } from './layer-intake.ts';

/**
 * The images of a `docker save` archive, as its `manifest.json` lists them.
 *
 * @throws {EngineError} `invalid` where the list names what the archive does not hold, or does not agree with a configuration
 */
export async function dockerArchiveImages(files: ArchiveFiles, content: ContentStore): Promise<CommitRequest[]> {
  const bytes = await files.bytes(files.get('manifest.json').digest);
  // A list has no fields: it is read as the one field of an object.
  const list = JsonFields.parse('manifest.json', Buffer.concat([Buffer.from('{"images":'), bytes, Buffer.from('}')])).objects('images');
  return await Promise.all(list.map((fields) => imageOf(fields, files, content)));
}

async function imageOf(fields: JsonFields, files: ArchiveFiles, content: ContentStore): Promise<CommitRequest> {
  const config = files.get(fields.string('Config')).digest;
  const { diffIds } = parseImageDocument(await files.bytes(config));
  const paths = fields.strings('Layers') ?? [];
  if (paths.length !== diffIds.length) {
    throw new EngineError('invalid', `invalid manifest, layers length mismatch: expected ${diffIds.length}, got ${paths.length}`);
  }
  const sources = fields.object('LayerSources');
  const layers = await Promise.all(
    paths.map(async (path, index) => {
      const diffId = diffIds[index] as (typeof diffIds)[number];
      const descriptor = await descriptorOf(path, files, content);
      return { diffId, descriptor: withMediaType(descriptor, sources?.object(diffId)?.string('mediaType')) };
    }),
  );
  return { config, manifest: undefined, layers, parent: parentOf(fields), names: namesOf(fields) };
}

async function descriptorOf(path: string, files: ArchiveFiles, content: ContentStore): Promise<Descriptor> {
  const { digest, sizeBytes } = files.get(path);
  return layerDescriptor(await compressionOf(content.path(digest)), digest, sizeBytes);
}

function withMediaType(descriptor: Descriptor, mediaType: string | undefined): Descriptor {
  const says = (text: string): string => /[.+](gzip|zstd)$/.exec(text)?.[1] ?? '';
  const isBelievable = mediaType !== undefined && isLayerType(mediaType) && says(mediaType) === says(descriptor.mediaType);
  return isBelievable ? { ...descriptor, mediaType } : descriptor;
}

function parentOf(fields: JsonFields): string {
  const parent = fields.string('Parent');
  return /^sha256:[0-9a-f]{64}$/.test(parent) ? parent : '';
}

function namesOf(fields: JsonFields): Reference[] {
  return (fields.strings('RepoTags') ?? []).map((text) => {
    const reference = parseReference(text);
    if (reference.tag === undefined) throw new EngineError('invalid', `invalid tag ${JSON.stringify(text)}`);
    return reference;
  });
}
