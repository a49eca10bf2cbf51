import { EngineError } from '#base/errors.ts';
import type { Blob, BlobWriter } from '#parts/content/blob-writer.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Lease } from '#parts/content/leases.ts';
import { unpackedStream } from '#parts/layers/packed-stream.ts';
import { isDigest, type Digest } from '#parts/oci/digest.ts';
import { MAX_DOCUMENT_BYTES } from '#parts/oci/json-fields.ts';
import { entryPath, quoted, textOf, type TarEntry } from '#parts/tar/entry.ts';
import { TarReader } from '#parts/tar/reader.ts';
import type { Report } from './images.ts';
import { isPlainTar, type UnpackAhead } from './unpack-ahead.ts';

// Far more than the layers of any archive; each takes some memory here.
const MAX_FILES = 100_000;
const REPORT_BYTES = 1 << 20;

interface Parts {
  readonly content: ContentStore;
  readonly lease: Lease;
  /** Unpacks what looks like a layer while the next files come. */
  readonly ahead: UnpackAhead;
}

/** So many files are being made durable while the next ones come. */
const MAX_PENDING = 8;

/** The files of an archive that has been read: each is a blob of the content store, protected by the lease. */
export class ArchiveFiles {
  readonly #content: ContentStore;
  readonly #files = new Map<string, Blob>();
  readonly #links = new Map<string, string>();

  constructor(content: ContentStore) {
    this.#content = content;
  }

  add(path: string, blob: Blob): void {
    this.#files.set(path, blob);
  }

  /** Old archives of Docker name a layer that comes again by a link to its first place. */
  addLink(path: string, target: string): void {
    this.#links.set(path, target);
  }

  get count(): number {
    return this.#files.size + this.#links.size;
  }

  find(path: string): Blob | undefined {
    let wanted = entryPath(path).join('/');
    for (let hops = 0; hops < 8; hops++) {
      const file = this.#files.get(wanted);
      if (file) return file;
      const link = this.#links.get(wanted);
      if (link === undefined) return undefined;
      wanted = entryPath(link).join('/');
    }
    return undefined;
  }

  /** @throws {EngineError} `invalid` where the archive names a file that it does not hold */
  get(path: string): Blob {
    const blob = this.find(path);
    if (!blob) throw new EngineError('invalid', `the archive has no file ${JSON.stringify(path)}`);
    return blob;
  }

  /** A blob of an OCI layout. */
  blob(digest: Digest): Blob | undefined {
    return this.find(`blobs/sha256/${digest.slice('sha256:'.length)}`);
  }

  /** A document of the archive, of bounded size. */
  async bytes(digest: Digest): Promise<Buffer> {
    return await this.#content.bytes(digest, MAX_DOCUMENT_BYTES);
  }

  digests(): readonly Digest[] {
    return [...this.#files.values()].map(({ digest }) => digest);
  }
}

/**
 * Reads an archive as it comes, packed or not, and puts its files into the content store. A file that is called by a
 * digest must have it.
 *
 * @param files filled while the archive is read, so that the caller knows what there is when it fails
 * @throws {EngineError} `invalid` for what is no tar archive, or a wrong digest
 */
export async function takeArchive(source: AsyncIterable<Uint8Array>, files: ArchiveFiles, parts: Parts, report: Report, cancel: AbortSignal): Promise<void> {
  const reader = new TarReader();
  await using current = new CurrentFile(parts, files, report, cancel);
  for await (const chunk of unpackedStream(source)) {
    cancel.throwIfAborted();
    for (const event of reader.push(chunk)) {
      if (event.kind === 'data') await current.write(event.bytes);
      else if (event.kind === 'end') await current.end();
      else await current.begin(event.entry);
    }
  }
  reader.finish();
  await current.settled();
}

class CurrentFile implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #files: ArchiveFiles;
  readonly #report: Report;
  #open: OpenFile | undefined;
  #pending: Promise<void>[] = [];
  readonly #cancel: AbortSignal;

  constructor(parts: Parts, files: ArchiveFiles, report: Report, cancel: AbortSignal) {
    this.#cancel = cancel;
    this.#parts = parts;
    this.#files = files;
    this.#report = report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#pending);
    await this.#open?.writer[Symbol.asyncDispose]();
  }

  /** All that has come is stored. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
    this.#pending = [];
  }

  async begin(entry: TarEntry): Promise<void> {
    const parts = entryPath(entry.path);
    const path = textOf(parts.join('/'));
    if (this.#files.count >= MAX_FILES) throw new EngineError('invalid', `the archive has more than ${MAX_FILES} files`);
    if (entry.type === 'symlink' || entry.type === 'link') {
      const base = entry.type === 'symlink' ? parts.slice(0, -1) : [];
      this.#files.addLink(path, textOf(entryPath([...base, entry.linkPath].join('/')).join('/')));
      return;
    }
    if (entry.type === 'directory') return;
    if (entry.type !== 'file') throw new EngineError('invalid', `archive entry ${quoted(entry.path)} is no file`);
    const { content, lease } = this.#parts;
    const named = parts.length === 3 && parts[0] === 'blobs' ? `${parts[1]}:${parts[2]}` : undefined;
    if (named !== undefined && !isDigest(named)) throw new EngineError('invalid', `archive entry ${quoted(entry.path)}: unsupported digest algorithm`);
    const writer = await content.writer({
      sizeBytes: entry.sizeBytes,
      onDigest: (digest) => {
        if (named !== undefined && digest !== named) {
          throw new EngineError('invalid', `archive entry ${quoted(entry.path)}: the content does not match its digest: found ${digest}`);
        }
        lease.protect(digest);
      },
    });
    this.#open = { path, named, writer, sizeBytes: entry.sizeBytes, written: 0, reported: 0, isAhead: false, unpacking: undefined };
  }

  async write(bytes: Uint8Array): Promise<void> {
    const open = this.#open;
    if (!open) return;
    if (open.written === 0 && this.#parts.ahead.wants(bytes, open.named)) {
      open.isAhead = true;
      const growth = open.writer.digestLater();
      if (isPlainTar(bytes)) open.unpacking = this.#parts.ahead.unpack({ path: open.writer.path, growth }, this.#cancel);
      // `#store` meets the failure.
      open.unpacking?.catch(() => undefined);
    }
    await open.writer.write(bytes);
    open.written += bytes.length;
    if (open.written - open.reported < REPORT_BYTES && open.written < open.sizeBytes) return;
    open.reported = open.written;
    if (open.sizeBytes > MAX_DOCUMENT_BYTES) this.#report({ id: progressId(open.path), status: 'Loading layer', current: open.written, total: open.sizeBytes });
  }

  /** The file becomes durable while the next one comes. */
  async end(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const storing = this.#store(open);
    // `settled` meets the failure.
    storing.catch(() => undefined);
    this.#pending.push(storing);
    if (this.#pending.length >= MAX_PENDING) await this.settled();
  }

  async #store({ path, writer, isAhead, unpacking }: OpenFile): Promise<void> {
    await using _writer = writer;
    await writer.settle();
    const digest = isAhead ? await (unpacking ?? this.#parts.ahead.unpack({ path: writer.path }, this.#cancel)) : undefined;
    this.#files.add(path, digest ? await writer.commitAs(digest) : await writer.commit());
  }
}

interface OpenFile {
  readonly path: string;
  /** The digest by which the archive calls it. */
  readonly named: string | undefined;
  readonly writer: BlobWriter;
  readonly sizeBytes: number;
  written: number;
  reported: number;
  isAhead: boolean;
  /** Unpacked while it comes. */
  unpacking: Promise<Digest | undefined> | undefined;
}

/** Twelve digits of the name that a layer has in its archive. */
function progressId(path: string): string {
  return (/[0-9a-f]{64}/.exec(path)?.[0] ?? path).slice(0, 12);
}
