import { randomBytes } from 'node:crypto';
import { createReadStream, renameSync, statSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { codeOf, EngineError } from '#base/errors.ts';
import { digestOfHex, hexOf, isDigest, type Digest } from '#parts/oci/digest.ts';
import { BlobWriter, type Blob } from './blob-writer.ts';

/** What of an unfinished download is older than this is not continued any more. */
const PARTIAL_LIFE_MS = 24 * 3600 * 1000;

/**
 * Blobs exactly as they came, each under its digest:
 *
 *     sha256/<hex>           whole, verified, durable
 *     partial/<hex>          the beginning of a download that goes on where it stopped
 *     partial/new-<random>   being written by this engine
 *     partial/gone-<random>  being removed
 *
 * A blob appears by one rename after its bytes are on the disk, so that a kill or a power cut leaves whole ones only.
 */
export class ContentStore {
  readonly #root: string;
  readonly #writing = new Set<Digest>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folders, and sweeps what a dead engine left behind. No other engine may have the same root. */
  static async open(root: string): Promise<ContentStore> {
    for (const folder of ['sha256', 'partial']) await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
    const store = new ContentStore(root);
    await store.#sweep();
    return store;
  }

  /** The blob's file, for readers that take a path. Whether it is there is another question. */
  path(digest: Digest): string {
    return join(this.#root, 'sha256', hexOf(digest));
  }

  has(digest: Digest): boolean {
    return this.find(digest) !== undefined;
  }

  find(digest: Digest): (Blob & { readonly storedAt: Date }) | undefined {
    const facts = statSync(this.path(digest), { throwIfNoEntry: false });
    return facts && { digest, sizeBytes: facts.size, storedAt: facts.mtime };
  }

  /** The bytes from `start` on. A blob that is missing is an error of the stream. */
  open(digest: Digest, options: { readonly start?: number } = {}): Readable {
    return createReadStream(this.path(digest), { start: options.start ?? 0, highWaterMark: 256 * 1024 });
  }

  /**
   * A small blob as a whole.
   *
   * @throws {EngineError} `not-found`; `invalid` when it is larger than `maxBytes`
   */
  async bytes(digest: Digest, maxBytes: number): Promise<Buffer> {
    try {
      await using file = await open(this.path(digest));
      const { size } = await file.stat();
      if (size > maxBytes) throw new EngineError('invalid', `content ${digest} has ${size} bytes, more than the ${maxBytes} expected of it`);
      return await file.readFile();
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') throw new EngineError('not-found', `content ${digest} not found`, { cause: thrown });
      throw thrown;
    }
  }

  /**
   * Begins a blob. With an `expected` digest the writer continues an unfinished download of it: see its `offsetBytes`.
   *
   * @param options.sizeBytes more than this is refused while it comes, less at the commit
   * @param options.onDigest told the digest before the blob appears, so that a lease can protect it from its first moment
   */
  async writer(options: { readonly expected?: Digest; readonly sizeBytes?: number; readonly onDigest?: (digest: Digest) => void } = {}): Promise<BlobWriter> {
    const { expected } = options;
    // A second writer of the same blob starts over in a file of its own.
    const resumes = expected !== undefined && !this.#writing.has(expected);
    if (resumes) this.#writing.add(expected);
    try {
      return await BlobWriter.begin({
        ...options,
        folder: join(this.#root, 'partial'),
        resumes,
        pathOf: (digest) => this.path(digest),
        ended: () => resumes && this.#writing.delete(expected),
      });
    } catch (thrown) {
      if (resumes) this.#writing.delete(expected);
      throw thrown;
    }
  }

  /** Stores a small blob that is in memory already. */
  async put(bytes: Uint8Array, onDigest: (digest: Digest) => void = () => undefined): Promise<Blob> {
    await using writer = await this.writer({ sizeBytes: bytes.length, onDigest });
    await writer.write(bytes);
    return await writer.commit();
  }

  /**
   * Removes a blob; one that is not there is no error. It is out of sight when the call returns, its space is free when
   * the promise resolves. Readers that have it open finish.
   */
  async delete(digest: Digest): Promise<void> {
    const gone = join(this.#root, 'partial', `gone-${randomBytes(8).toString('hex')}`);
    try {
      renameSync(this.path(digest), gone);
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return;
      throw thrown;
    }
    await rm(gone, { force: true });
  }

  async list(): Promise<Digest[]> {
    const names = await readdir(join(this.#root, 'sha256'));
    return names.filter((name) => isDigest(`sha256:${name}`)).map(digestOfHex);
  }

  async #sweep(): Promise<void> {
    const folder = join(this.#root, 'partial');
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const isPartial = isDigest(`sha256:${name}`);
      const old = Date.now() - (await stat(path)).mtimeMs > PARTIAL_LIFE_MS;
      if (!isPartial || old || this.has(digestOfHex(name))) await rm(path, { force: true, recursive: true });
    }
  }
}
