import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Duplex } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** What is enough of a blob's beginning to know its compression. */
export const MAGIC_BYTES = 6;

/**
 * Tells the compression from the first bytes.
 *
 * @throws {EngineError} `invalid` for a compression that is known but not supported
 */
export function detectCompression(head: Uint8Array): Compression {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, index) => head[index] === byte);
  if (starts(0x1f, 0x8b)) return 'gzip';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  // A zstd file may begin with a frame that is to be skipped (zstd:chunked writes one).
  if (((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18) return 'zstd';
  if (starts(0x42, 0x5a, 0x68)) throw unsupported('bzip2');
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) throw unsupported('xz');
  return 'none';
}

function unsupported(name: string): EngineError {
  return new EngineError('invalid', `${name}-compressed archives are not supported: use gzip, zstd or none`);
}

/** Tells the compression of a file. */
export async function compressionOf(path: string): Promise<Compression> {
  await using file = await open(path);
  const head = Buffer.alloc(MAGIC_BYTES);
  const { bytesRead } = await file.read(head, 0, MAGIC_BYTES, 0);
  return detectCompression(head.subarray(0, bytesRead));
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

/**
 * The content of a stream that may be packed, unpacked. What is plain passes as it is.
 *
 * @throws {EngineError} `invalid` where it is cut off or damaged
 */
export async function* unpackedStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const { compression, chunks } = await sniffed(source);
  if (compression === 'none') {
    yield* chunks;
    return;
  }
  const unpacking = decompressor(compression);
  pipeline(chunks, unpacking, () => undefined);
  try {
    for await (const chunk of unpacking) yield chunk as Buffer;
  } catch (thrown) {
    throw decompressionError(compression, thrown);
  } finally {
    unpacking.destroy();
  }
}

/** Looks at a stream's first bytes; `chunks` still brings all of them. */
export async function sniffed(source: AsyncIterable<Uint8Array>): Promise<{ readonly compression: Compression; readonly chunks: AsyncGenerator<Uint8Array, void, undefined> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let ended = false;
  for (let length = 0; length < MAGIC_BYTES && !ended; ) {
    const { done, value } = await iterator.next();
    ended = done === true;
    if (ended || !value) continue;
    first.push(value);
    length += value.length;
  }
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* first;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { compression: detectCompression(Buffer.concat(first)), chunks: chunks() };
}
