import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease } from '#parts/content/leases.ts';
import { decompressionError, decompressor, type Compression } from '#parts/layers/compression.ts';
import { sniffed, unpackedChunksOf } from '#parts/layers/packed-stream.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import type { Digest } from '#parts/oci/digest.ts';
import { OCI_LAYER } from '#parts/oci/media-types.ts';
import type { LayerOfImage } from './image-committer.ts';

const SUFFIX: Readonly<Record<Compression, string>> = { none: '', gzip: '+gzip', zstd: '+zstd' };

/**
 * Stores a layer's tar, as it comes, packed or not, and finds out what it unpacks to on the way. What is packed in a way
 * that images do not know is stored plain. What is in the tar is looked at when it is unpacked.
 */
export async function takeLayer(source: AsyncIterable<Uint8Array>, parts: { readonly content: ContentStore; readonly lease: Lease }, cancel: AbortSignal): Promise<LayerOfImage> {
  const { packing, chunks: packed } = await sniffed(source);
  const compression = packing === 'xz' || packing === 'bzip2' ? 'none' : packing;
  const chunks = compression === packing ? packed : unpackedChunksOf(packing, packed);
  await using writer = await parts.content.writer({ onDigest: (digest) => parts.lease.protect(digest) });
  const diff = compression === 'none' ? undefined : new DiffDigest(compression);
  for await (const chunk of chunks) {
    cancel.throwIfAborted();
    await writer.write(chunk);
    await diff?.write(chunk);
  }
  const diffId = await diff?.end();
  const { digest, sizeBytes } = await writer.commit();
  return { descriptor: layerDescriptor(compression, digest, sizeBytes), diffId: diffId ?? digest };
}

export function layerDescriptor(compression: Compression, digest: Digest, sizeBytes: number): Descriptor {
  return { mediaType: OCI_LAYER + SUFFIX[compression], digest, sizeBytes, platform: undefined, annotations: {}, urls: [] };
}

/** Digests what a packed stream unpacks to; the unpacking runs on Node's threads. */
export class DiffDigest {
  readonly #compression: 'gzip' | 'zstd';
  readonly #unpacking: ReturnType<typeof decompressor>;
  readonly #hash = createHash('sha256');
  readonly #ended = Promise.withResolvers<void>();

  constructor(compression: 'gzip' | 'zstd') {
    this.#compression = compression;
    this.#unpacking = decompressor(compression);
    this.#unpacking.on('data', (chunk: Buffer) => this.#hash.update(chunk));
    this.#unpacking.once('end', () => this.#ended.resolve());
    this.#unpacking.once('error', (thrown) => this.#ended.reject(decompressionError(compression, thrown)));
    this.#ended.promise.catch(() => undefined);
  }

  /** Resolves when more may come. @throws {EngineError} `invalid` for damaged data */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#unpacking.write(chunk)) return;
    try {
      await Promise.race([once(this.#unpacking, 'drain'), this.#ended.promise]);
    } catch (thrown) {
      throw decompressionError(this.#compression, thrown);
    }
  }

  /** @throws {EngineError} `invalid`: `unexpected EOF` where it was cut off */
  async end(): Promise<Digest> {
    this.#unpacking.end();
    await this.#ended.promise;
    return `sha256:${this.#hash.digest('hex')}`;
  }
}
