import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Duplex } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** With those that only whole archives come in, and that a program of the host unpacks. */
export type Packing = Compression | 'xz' | 'bzip2';

/** What is enough of a blob's beginning to know its compression. */
export const MAGIC_BYTES = 6;

/** Tells from the first bytes how a stream is packed. */
export function detectPacking(head: Uint8Array): Packing {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, index) => head[index] === byte);
  if (starts(0x1f, 0x8b)) return 'gzip';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  // A zstd file may begin with a frame that is to be skipped (zstd:chunked writes one).
  if (((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18) return 'zstd';
  if (starts(0x42, 0x5a, 0x68)) return 'bzip2';
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  return 'none';
}

/** @throws {EngineError} `invalid` for a layer that is packed in a way that images do not know */
function layerCompression(head: Uint8Array): Compression {
  const packing = detectPacking(head);
  if (packing === 'xz' || packing === 'bzip2') throw new EngineError('invalid', `${packing}-compressed layers are not supported: use gzip, zstd or none`);
  return packing;
}

/** Tells the compression of a file. */
export async function compressionOf(path: string): Promise<Compression> {
  await using file = await open(path);
  const head = Buffer.alloc(MAGIC_BYTES);
  const { bytesRead } = await file.read(head, 0, MAGIC_BYTES, 0);
  return layerCompression(head.subarray(0, bytesRead));
}

/** A stream that unpacks. Several gzip members or zstd frames in a row are one content. */
export function decompressor(compression: 'gzip' | 'zstd'): Duplex {
  const chunkSize = 256 * 1024;
  return compression === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize });
}

/**
 * The unpacked content of a compressed file, piece by piece.
 *
 * @param onPacked sees the packed bytes on their way, in order
 * @throws {EngineError} `invalid`: `unexpected EOF` where it is cut off, or what is wrong with it
 */
export async function* unpackedChunks(path: string, compression: 'gzip' | 'zstd', onPacked: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array, void, undefined> {
  const source = createReadStream(path, { highWaterMark: 512 * 1024 });
  source.on('data', (chunk) => onPacked(chunk as Buffer));
  const unpacking = decompressor(compression);
  // The iteration below meets the same failure.
  pipeline(source, unpacking, () => undefined);
  try {
    for await (const chunk of unpacking) yield chunk as Buffer;
  } catch (thrown) {
    throw decompressionError(compression, thrown);
  } finally {
    source.destroy();
  }
}

/** Docker's words for a stream that is cut off or damaged; other failures as they are. */
export function decompressionError(compression: 'gzip' | 'zstd', thrown: unknown): unknown {
  const code = codeOf(thrown) ?? '';
  if (code === 'Z_BUF_ERROR') return new EngineError('invalid', 'unexpected EOF', { cause: thrown });
  if (code.startsWith('Z_') || code.startsWith('ZSTD_')) return new EngineError('invalid', `${compression}: invalid data: ${messageOf(thrown)}`, { cause: thrown });
  return thrown;
}
