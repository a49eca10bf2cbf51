import { createHash, randomBytes, type Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, EngineError } from '#base/errors.ts';
import { Growth } from '#base/growth.ts';
import { syncFolder } from '#base/write-file.ts';
import { hexOf, verifyDigest, type Digest } from '#parts/oci/digest.ts';

export interface Blob {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

interface Beginning {
  readonly expected?: Digest;
  readonly sizeBytes?: number;
  readonly onDigest?: (digest: Digest) => void;
  readonly folder: string;
  readonly resumes: boolean;
  readonly pathOf: (digest: Digest) => string;
  readonly ended: () => void;
}

/** So much is gathered before it is written, so that small chunks do not cost a system call each. */
const BATCH_BYTES = 1 << 20;

/**
 * Takes one blob's bytes in order and digests them on the way. Nothing of it is seen under its digest before `commit`.
 * Disposed without a commit, it keeps an expected blob's beginning for the next try, and removes any other.
 */
export class BlobWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #begin: Beginning;
  /** undefined where somebody else finds the digest out. */
  #hash: Hash | undefined;
  #sizeBytes: number;
  /** Who reads along learns from it what is there. */
  #growth: Growth | undefined;
  #writtenBytes = 0;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #written: Promise<void> = Promise.resolve();
  #state: 'open' | 'committed' | 'failed' | 'closed' = 'open';

  private constructor(file: FileHandle, path: string, begin: Beginning, hash: Hash, sizeBytes: number) {
    this.#file = file;
    this.#path = path;
    this.#begin = begin;
    this.#hash = hash;
    this.#sizeBytes = sizeBytes;
  }

  /** For the content store alone. */
  static async begin(begin: Beginning): Promise<BlobWriter> {
    const name = begin.resumes && begin.expected ? hexOf(begin.expected) : `new-${randomBytes(8).toString('hex')}`;
    const path = join(begin.folder, name);
    const file = await open(path, begin.resumes ? 'a+' : 'ax+', 0o600);
    try {
      const { hash, sizeBytes } = await digestSoFar(file);
      const writer = new BlobWriter(file, path, begin, hash, sizeBytes);
      if (begin.sizeBytes !== undefined && sizeBytes > begin.sizeBytes) await writer.restart();
      return writer;
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /** How much is there: where a download goes on. */
  get offsetBytes(): number {
    return this.#sizeBytes;
  }

  /** Where the bytes lie until the commit, for `digestLater`. */
  get path(): string {
    return this.#path;
  }

  /**
   * Leaves the digest to somebody who reads the file anyway and tells it to `commitAs`. Before the first byte.
   *
   * @returns how much of it can be read at `path`, for who reads it while it is written
   */
  digestLater(): Growth {
    if (this.#sizeBytes > 0) throw new Error('the digest of what has been written would be lost');
    this.#hash = undefined;
    return (this.#growth = new Growth());
  }

  /** All that was written can be read at `path`. */
  async settle(): Promise<void> {
    await this.#flush();
    this.#growth?.end();
  }

  /** Forgets what is there: the sender cannot continue and begins anew. */
  async restart(): Promise<void> {
    await this.#flush();
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#sizeBytes = 0;
  }

  /**
   * Takes the next bytes and owns them from then on. Resolves when more may come.
   *
   * @throws {EngineError} `invalid` above the size that was announced; the system's error where the disk is full
   */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#state !== 'open') throw new Error(`a blob writer that is ${this.#state} takes nothing`);
    this.#sizeBytes += chunk.length;
    const limit = this.#begin.sizeBytes;
    if (limit !== undefined && this.#sizeBytes > limit) {
      this.#state = 'failed';
      throw new EngineError('invalid', `${this.#name()}: more than the ${limit} bytes that were announced`);
    }
    this.#hash?.update(chunk);
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    if (this.#batchBytes < BATCH_BYTES) return;
    await this.#written;
    this.#written = this.#writeBatch();
    // Whoever comes next meets the failure; without this it would count as unhandled until then.
    this.#written.catch(() => undefined);
  }

  /**
   * Verifies size and digest, and puts the blob in its place for good.
   *
   * @throws {EngineError} `invalid` where they are not the announced ones; what was written is then removed
   */
  async commit(): Promise<Blob> {
    await this.#flush();
    const hash = this.#hash?.copy() ?? (await digestSoFar(this.#file)).hash;
    return await this.commitAs(`sha256:${hash.digest('hex')}`);
  }

  /** Like `commit`, with the digest that somebody has found for the bytes at `path`. */
  async commitAs(digest: Digest): Promise<Blob> {
    if (this.#state !== 'open') throw new Error(`a blob writer that is ${this.#state} cannot be committed`);
    await this.#flush();
    const { expected, sizeBytes } = this.#begin;
    if (sizeBytes !== undefined && this.#sizeBytes < sizeBytes) {
      throw new EngineError('invalid', `${this.#name()}: unexpected EOF: ${this.#sizeBytes} of ${sizeBytes} bytes`);
    }
    if (expected) {
      this.#state = 'failed';
      verifyDigest('content', expected, digest);
    }
    await this.#file.datasync();
    this.#begin.onDigest?.(digest);
    const place = this.#begin.pathOf(digest);
    await rename(this.#path, place);
    this.#state = 'committed';
    await syncFolder(dirname(place));
    await this[Symbol.asyncDispose]();
    return { digest, sizeBytes: this.#sizeBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    const state = this.#state;
    this.#state = 'closed';
    this.#growth?.fail();
    try {
      // On a full disk nothing is kept: the space is needed.
      const flushed = await this.#flush().then(
        () => true,
        () => false,
      );
      await this.#file.close();
      const kept = state === 'committed' || (state === 'open' && flushed && this.#begin.resumes && this.#sizeBytes > 0);
      if (!kept) await rm(this.#path, { force: true });
    } finally {
      this.#begin.ended();
    }
  }

  async #flush(): Promise<void> {
    await this.#written;
    await this.#writeBatch();
  }

  async #writeBatch(): Promise<void> {
    let batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    while (batch.length > 0) {
      const { bytesWritten } = await this.#file.writev(batch).catch((thrown: unknown) => {
        throw fullDisk(this.#path, thrown);
      });
      batch = restAfter(batch, bytesWritten);
      this.#writtenBytes += bytesWritten;
      this.#growth?.reached(this.#writtenBytes);
    }
  }

  #name(): string {
    return this.#begin.expected ? `content ${this.#begin.expected}` : 'content';
  }
}

function fullDisk(path: string, thrown: unknown): unknown {
  const said = { ENOSPC: 'no space left on device', EDQUOT: 'disk quota exceeded' }[codeOf(thrown) ?? ''];
  return said === undefined ? thrown : new EngineError('internal', `write ${path}: ${said}`, { cause: thrown });
}

function restAfter(batch: Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  const index = batch.findIndex((chunk) => {
    if (chunk.length > left) return true;
    left -= chunk.length;
    return false;
  });
  if (index < 0) return [];
  const [first, ...rest] = batch.slice(index);
  return first ? [first.subarray(left), ...rest] : [];
}

async function digestSoFar(file: FileHandle): Promise<{ hash: Hash; sizeBytes: number }> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc((await file.stat()).size > 0 ? BATCH_BYTES : 0);
  let sizeBytes = 0;
  while (buffer.length > 0) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, sizeBytes);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
  return { hash, sizeBytes };
}
