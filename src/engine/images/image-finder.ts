import { isDigest } from '#parts/oci/digest.ts';
import { parseReference } from '#parts/oci/reference.ts';
import { noSuchImage } from './errors.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';

/**
 * Finds an image as Docker does: a whole id, then a name, then the beginning of an id.
 *
 * @throws {EngineError} `not-found`: `No such image: nginx:latest`; `invalid` for what is no reference at all
 */
export function getImage(records: ImageRecords, ref: string): StoredImage {
  const digest = /^[0-9a-f]{64}$/.test(ref) ? `sha256:${ref}` : ref;
  if (isDigest(digest)) {
    const image = records.find(digest);
    if (image) return image;
    throw noSuchImage(digest);
  }
  const name = parseReference(ref);
  const image = records.findByName(name) ?? records.findByPrefix(ref);
  if (!image) throw noSuchImage(name);
  return image;
}

/** True where the user named the image by its id, whole or in part, and not by a name. */
export function isIdOf(id: string, ref: string): boolean {
  return id.startsWith(ref) || id.slice('sha256:'.length).startsWith(ref);
}

