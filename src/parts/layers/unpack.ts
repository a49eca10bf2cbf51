import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { EngineError } from '#base/errors.ts';
import { Growth } from '#base/growth.ts';
import { syncFileSystem } from '#parts/host/files.ts';
import { verifyDigest, type Digest } from '#parts/oci/digest.ts';
import { TarReader } from '#parts/tar/reader.ts';
import { compressionOf, unpackedChunks, type Compression } from './compression.ts';
import { LayerTree } from './layer-tree.ts';

/** What is too much for one layer. */
export interface UnpackLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Unpacked to packed, above `ratioFreeBytes`: gzip alone reaches 1,030 on zeros. */
  readonly maxRatio: number;
  readonly ratioFreeBytes: number;
}

/** Generous: what no honest image reaches, so that a bomb does not fill every disk. */
export const DEFAULT_LIMITS: UnpackLimits = {
  maxBytes: 256 * 2 ** 30,
  maxEntries: 10_000_000,
  maxRatio: 2000,
  ratioFreeBytes: 2 ** 30,
};

export interface UnpackJob {
  /** The blob's file: a tar, plain or compressed. */
  readonly source: string;
  /** An empty folder. What stands there after a failure is the caller's to remove. */
  readonly folder: string;
  /** Of the blob as it is, and of the tar inside; undefined is not checked. */
  readonly digest: Digest | undefined;
  readonly diffId: Digest | undefined;
  readonly limits: UnpackLimits;
  /** Of a plain tar that is still being written: `Growth.memory`. It is read as it comes. */
  readonly growth?: SharedArrayBuffer;
}

export interface Unpacked {
  /** Of the blob as it is. */
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly compression: Compression;
  /** Of the files, as Docker counts a layer's size. */
  readonly sizeBytes: number;
  readonly tarBytes: number;
  /** Folders that the archive needed but did not bring, as byte strings. */
  readonly impliedFolders: readonly string[];
}

/**
 * Unpacks one layer and verifies it on the way. Synchronous where it writes: it belongs in a worker thread.
 * All of it lies on the disk when it returns.
 *
 * @throws {EngineError} `invalid` for a wrong digest, a damaged archive or one that leads out of the folder
 */
export async function unpack(job: UnpackJob, isCancelled: () => boolean): Promise<Unpacked> {
  const compression = job.growth ? 'none' : await compressionOf(job.source);
  using tree = new LayerTree(job.folder);
  const sink = new Sink(tree, job.limits, isCancelled);
  const packed = createHash('sha256');
  if (compression === 'none') {
    readPlain(job, sink);
  } else {
    const onPacked = (chunk: Uint8Array): void => {
      packed.update(chunk);
      sink.packedBytes += chunk.length;
    };
    for await (const chunk of unpackedChunks(job.source, compression, onPacked)) sink.take(chunk);
  }
  const diffId = sink.finish();
  const digest: Digest = compression === 'none' ? diffId : `sha256:${packed.digest('hex')}`;
  if (job.digest) verifyDigest('layer', job.digest, digest);
  if (job.diffId) verifyDigest('unpacked layer', job.diffId, diffId);
  const { sizeBytes, impliedFolders } = tree.finish();
  sync(job.folder);
  return { digest, diffId, compression, sizeBytes, tarBytes: sink.tarBytes, impliedFolders };
}

/** Takes the tar's bytes: digests, counts, and makes files of them. */
class Sink {
  readonly #tree: LayerTree;
  readonly #limits: UnpackLimits;
  readonly #isCancelled: () => boolean;
  readonly #reader = new TarReader();
  readonly #hash: Hash = createHash('sha256');
  #entries = 0;
  tarBytes = 0;
  /** How much of the packed blob has been read; undefined for a plain one. */
  packedBytes = 0;

  constructor(tree: LayerTree, limits: UnpackLimits, isCancelled: () => boolean) {
    this.#tree = tree;
    this.#limits = limits;
    this.#isCancelled = isCancelled;
  }

  take(chunk: Uint8Array): void {
    this.assertWanted();
    this.tarBytes += chunk.length;
    this.#assertWithinLimits();
    this.#hash.update(chunk);
    for (const event of this.#reader.push(chunk)) {
      if (event.kind === 'data') {
        this.#tree.data(event.bytes);
      } else if (event.kind === 'end') {
        this.#tree.end();
      } else {
        if (++this.#entries > this.#limits.maxEntries) throw new EngineError('invalid', `the layer has more than ${this.#limits.maxEntries} entries`);
        this.#tree.entry(event.entry);
      }
    }
  }

  assertWanted(): void {
    if (this.#isCancelled()) throw new EngineError('unavailable', 'context canceled');
  }

  finish(): Digest {
    this.#reader.finish();
    return `sha256:${this.#hash.digest('hex')}`;
  }

  #assertWithinLimits(): void {
    const { maxBytes, maxRatio, ratioFreeBytes } = this.#limits;
    if (this.tarBytes > maxBytes) throw new EngineError('invalid', `the layer is larger than ${maxBytes} bytes when unpacked`);
    if (this.packedBytes === 0 || this.tarBytes <= ratioFreeBytes) return;
    if (this.tarBytes > this.packedBytes * maxRatio) throw new EngineError('invalid', `the layer expands to more than ${maxRatio} times its size`);
  }
}

function readPlain({ source, growth: memory }: UnpackJob, sink: Sink): void {
  const buffer = Buffer.allocUnsafeSlow(1 << 20);
  const fd = openSync(source, constants.O_RDONLY);
  try {
    const growth = memory && new GrowingFile(new Growth(memory), sink);
    for (let at = 0; ; ) {
      const ready = growth ? growth.readyAt(at) : buffer.length;
      const size = ready === 0 ? 0 : readSync(fd, buffer, 0, Math.min(ready, buffer.length), at);
      if (size === 0) return;
      sink.take(buffer.subarray(0, size));
      at += size;
    }
  } finally {
    closeSync(fd);
  }
}

/** So long a thread waits in all for a file that grows: it is wanted by others too. More for one that comes fast. */
const PATIENCE_MS = 500;
const FAST_BYTES_PER_MS = 100_000;
const WAIT_MS = 50;

/** Reads along with a file's writer. */
class GrowingFile {
  readonly #growth: Growth;
  readonly #sink: Sink;
  #waitedMs = 0;

  constructor(growth: Growth, sink: Sink) {
    this.#growth = growth;
    this.#sink = sink;
  }

  /** How many bytes can be read from there on; 0 at the end. @throws {EngineError} `unavailable` where it does not come */
  readyAt(at: number): number {
    for (;;) {
      const since = performance.now();
      const what = this.#growth.waitBeyond(at, WAIT_MS);
      if (what === 'more') break;
      if (what === 'end') return 0;
      this.#sink.assertWanted();
      this.#waitedMs += performance.now() - since;
      if (what === 'failed') throw new EngineError('unavailable', 'the blob was not written to its end');
      if (this.#waitedMs > PATIENCE_MS + at / FAST_BYTES_PER_MS) throw new EngineError('unavailable', 'the blob comes too slowly to be unpacked meanwhile');
    }
    return this.#growth.length - at;
  }
}

/** One call for the whole tree instead of one per file. */
function sync(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}
