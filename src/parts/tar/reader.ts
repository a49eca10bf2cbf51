import { EngineError } from '#base/errors.ts';
import { quoted, type TarEntry, type TarEvent } from './entry.ts';
import { BLOCK_BYTES, identity, invalidHeader, readHeader, size, typeOfFlag, type RawHeader } from './header.ts';
import { paxInteger, paxName, paxTime, readPax, type PaxRecords } from './pax.ts';

/** Long names and PAX records above this are refused, as Go's reader does. */
const MAX_META_BYTES = 1 << 20;
const NO_PAX: PaxRecords = new Map();
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();
const XATTR = 'SCHILY.xattr.';

/**
 * Reads a tar archive (v7, ustar, PAX, GNU) from chunks of any size, synchronously and without copying file data. It
 * reads what Go's archive/tar reads, since that is what image builders test against; sparse files are refused.
 */
export class TarReader {
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #blockFilled = 0;
  /** Of the current entry's data, and of the fill after it. */
  #left = 0;
  #padding = 0;
  #inEntry = false;
  #meta: { flag: string; chunks: Buffer[] } | undefined;
  #longPath: string | undefined;
  #longLink: string | undefined;
  #pax: PaxRecords = NO_PAX;
  #zeroBlocks = 0;

  /**
   * What the next bytes hold. Take all of it before the next call; `data` events are views of `chunk`.
   *
   * @throws {EngineError} `invalid` for what is no tar archive
   */
  *push(chunk: Uint8Array): Generator<TarEvent, void, undefined> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    while (at < bytes.length) {
      if (this.#zeroBlocks >= 2) return;
      if (this.#left > 0) {
        const taken = bytes.subarray(at, at + this.#left);
        at += taken.length;
        this.#left -= taken.length;
        if (this.#meta) this.#meta.chunks.push(Buffer.from(taken));
        else yield { kind: 'data', bytes: taken };
        if (this.#left === 0) yield* this.#endOfData();
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, bytes.length - at);
        at += skipped;
        this.#padding -= skipped;
      } else {
        const taken = bytes.copy(this.#block, this.#blockFilled, at, at + BLOCK_BYTES - this.#blockFilled);
        at += taken;
        this.#blockFilled += taken;
        if (this.#blockFilled < BLOCK_BYTES) return;
        this.#blockFilled = 0;
        yield* this.#header();
      }
    }
  }

  /** Call it at the end of the archive. @throws {EngineError} `invalid`: `unexpected EOF` where it stops within an entry */
  finish(): void {
    if (this.#left > 0 || this.#blockFilled > 0 || this.#meta) throw new EngineError('invalid', 'unexpected EOF');
  }

  /** True once the mark that ends an archive has been read; what follows is ignored. */
  get ended(): boolean {
    return this.#zeroBlocks >= 2;
  }

  *#header(): Generator<TarEvent, void, undefined> {
    const raw = readHeader(this.#block);
    if (!raw) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw invalidHeader();
    if (raw.flag === 'L' || raw.flag === 'K' || raw.flag === 'x' || raw.flag === 'g') {
      if (raw.sizeBytes > MAX_META_BYTES) throw new EngineError('invalid', 'archive/tar: header field too long');
      this.#meta = { flag: raw.flag, chunks: [] };
      this.#expect(raw.sizeBytes);
      if (raw.sizeBytes === 0) yield* this.#endOfData();
      return;
    }
    const entry = this.#entry(raw);
    this.#pax = NO_PAX;
    this.#longPath = this.#longLink = undefined;
    this.#inEntry = true;
    this.#expect(entry.sizeBytes);
    yield { kind: 'entry', entry };
    if (entry.sizeBytes === 0) yield* this.#endOfData();
  }

  #expect(sizeBytes: number): void {
    this.#left = sizeBytes;
    this.#padding = (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
  }

  *#endOfData(): Generator<TarEvent, void, undefined> {
    const meta = this.#meta;
    this.#meta = undefined;
    if (!meta) {
      if (this.#inEntry) yield { kind: 'end' };
      this.#inEntry = false;
      return;
    }
    const bytes = Buffer.concat(meta.chunks);
    if (meta.flag === 'x') this.#pax = readPax(bytes);
    else if (meta.flag === 'L') this.#longPath = untilNul(bytes);
    else if (meta.flag === 'K') this.#longLink = untilNul(bytes);
  }

  #entry(raw: RawHeader): TarEntry {
    const pax = this.#pax;
    const path = paxOr(pax, 'path', paxName, this.#longPath ?? raw.path);
    refuseSparse(raw, pax, path);
    const type = typeOfFlag(raw.flag);
    if (!type) throw new EngineError('invalid', `archive entry ${quoted(path)}: unhandled tar header type ${raw.flag.charCodeAt(0)}`);
    // Before POSIX a folder was a file whose name ends with a slash.
    const isOldFolder = type === 'file' && raw.flag !== '7' && path.endsWith('/');
    return {
      type: isOldFolder ? 'directory' : type,
      path,
      linkPath: type === 'link' || type === 'symlink' ? paxOr(pax, 'linkpath', paxName, this.#longLink ?? raw.linkPath) : '',
      mode: raw.mode,
      uid: identity(paxOr(pax, 'uid', paxInteger, raw.uid)),
      gid: identity(paxOr(pax, 'gid', paxInteger, raw.gid)),
      sizeBytes: type === 'file' && !isOldFolder ? size(paxOr(pax, 'size', paxInteger, raw.sizeBytes)) : 0,
      modified: paxOr(pax, 'mtime', paxTime, { seconds: raw.seconds, nanoseconds: 0 }),
      device: { major: raw.major, minor: raw.minor },
      xattrs: xattrsOf(pax),
    };
  }
}

function paxOr<T>(pax: PaxRecords, key: string, read: (value: Buffer) => T, otherwise: T): T {
  const value = pax.get(key);
  return value === undefined || value.length === 0 ? otherwise : read(value);
}

function xattrsOf(pax: PaxRecords): ReadonlyMap<string, Uint8Array> {
  if (pax.size === 0) return NO_XATTRS;
  const found = [...pax].filter(([key]) => key.startsWith(XATTR)).map(([key, value]): [string, Uint8Array] => [key.slice(XATTR.length), value]);
  return found.length === 0 ? NO_XATTRS : new Map(found);
}

function refuseSparse(raw: RawHeader, pax: PaxRecords, path: string): void {
  if (raw.flag !== 'S' && ![...pax.keys()].some((key) => key.startsWith('GNU.sparse.'))) return;
  const name = paxOr(pax, 'GNU.sparse.name', paxName, path);
  throw new EngineError('invalid', `archive entry ${quoted(name)} is a sparse file, which is not supported: make the archive without --sparse`);
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
