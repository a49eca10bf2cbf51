import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream';
import { codeOf, EngineError } from '#base/errors.ts';
import { decompressionError, decompressor, detectPacking, MAGIC_BYTES, type Packing } from './compression.ts';

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/**
 * The content of a stream that may be packed, unpacked. What is plain passes as it is.
 *
 * @throws {EngineError} `invalid` where it is cut off or damaged; `unavailable` where the program for it is missing
 */
export async function* unpackedStream(source: AsyncIterable<Uint8Array>): Chunks {
  const { packing, chunks } = await sniffed(source);
  yield* unpackedChunksOf(packing, chunks);
}

/** The same for a stream that has been looked at. */
export function unpackedChunksOf(packing: Packing, chunks: Chunks): Chunks {
  if (packing === 'none') return chunks;
  return packing === 'xz' || packing === 'bzip2' ? byProgram(packing, chunks) : byZlib(packing, chunks);
}

/** Looks at a stream's first bytes; `chunks` still brings all of them. */
export async function sniffed(source: AsyncIterable<Uint8Array>): Promise<{ readonly packing: Packing; readonly chunks: Chunks }> {
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
  async function* chunks(): Chunks {
    try {
      yield* first;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { packing: detectPacking(Buffer.concat(first)), chunks: chunks() };
}

async function* byZlib(packing: 'gzip' | 'zstd', chunks: Chunks): Chunks {
  const unpacking = decompressor(packing);
  // The iteration below meets the same failure.
  pipeline(chunks, unpacking, () => undefined);
  try {
    for await (const chunk of unpacking) yield chunk as Buffer;
  } catch (thrown) {
    throw decompressionError(packing, thrown);
  } finally {
    unpacking.destroy();
  }
}

// Debian's rootfs archives come as xz. A bomb cannot ask for more memory than this.
const PROGRAMS = { xz: ['-dc', '--memlimit-decompress=1GiB'], bzip2: ['-dc'] };

async function* byProgram(packing: 'xz' | 'bzip2', chunks: Chunks): Chunks {
  const program = spawn(packing, PROGRAMS[packing], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve, reject) => program.once('error', reject).once('close', resolve));
  ended.catch(() => undefined);
  // A program that ends early closes its input; its exit code says why.
  pipeline(chunks, program.stdin, () => undefined);
  try {
    for await (const chunk of program.stdout) yield chunk as Buffer;
    const code = await ended;
    if (code !== 0) throw new EngineError('invalid', `${packing}: the archive is cut off or damaged`);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new EngineError('unavailable', `the archive is packed with ${packing}, and that program is not installed here`, { cause: thrown });
    throw thrown;
  } finally {
    program.kill('SIGKILL');
  }
}
