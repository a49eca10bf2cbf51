import { EngineError } from '#base/errors.ts';

export type EntryType = 'file' | 'link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/**
 * One entry of a tar archive. Names are byte strings: each character is one byte (latin1), since a file's name need not
 * be text. `textOf` makes them readable.
 */
export interface TarEntry {
  readonly type: EntryType;
  /** As written: may be absolute, may climb. See `entryPath`. */
  readonly path: string;
  /** Where a link leads; empty for the others. */
  readonly linkPath: string;
  /** Permissions with set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the data that follows; 0 for all but files. */
  readonly sizeBytes: number;
  /** Seconds since 1970, may be negative; nanoseconds from 0. */
  readonly modified: { readonly seconds: number; readonly nanoseconds: number };
  readonly device: { readonly major: number; readonly minor: number };
  /** By full name (`security.capability`). */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** What a tar reader finds, in order: an entry, its data in pieces, its end; then the next. */
export type TarEvent =
  | { readonly kind: 'entry'; readonly entry: TarEntry }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

/** A byte string as text for people. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}

/** A byte string as C wants it: the bytes and a NUL. */
export function cBytes(bytes: string): Buffer {
  return Buffer.from(`${bytes}\0`, 'latin1');
}

/** Text as a byte string. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/**
 * The parts of an entry's path below the archive's root; none for the root itself. A leading `/` means the root.
 *
 * @throws {EngineError} `invalid`, naming the entry, when its `..` leads above the root
 */
export function entryPath(path: string): readonly string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw new EngineError('invalid', `archive entry ${quoted(path)} climbs out of its root with ".."`);
  }
  return parts;
}

/** An entry's name in a message. */
export function quoted(path: string): string {
  const text = textOf(path);
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
