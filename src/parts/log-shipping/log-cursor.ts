import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { LogSource } from '#parts/logs/log-reader.ts';

/** How far a log has been delivered. */
export interface LogCursor {
  /** What stands in the file's beginning: it stays through renames and gzip, where an inode does not. */
  readonly head: string;
  /** Bytes of the (unpacked) file that are delivered. */
  readonly offset: number;
  /** What stands right before the offset, the last delivered line's time in it: tells a truncated file from the one meant. */
  readonly mark: string;
  /** Time of the last delivered entry, as in the log. */
  readonly time: string;
}

const HEAD_BYTES = 4096;
const MARK_BYTES = 256;

/** Names a file by its first bytes, as many as are there of 4 KiB and no more than `within`. */
export function headOf(source: LogSource, within: number): Promise<string> {
  return digest(source, 0, Math.min(HEAD_BYTES, within));
}

/** The cursor of a file that is delivered up to `offset`. */
export async function cursorAt(source: LogSource, offset: number, time: string): Promise<LogCursor> {
  const begin = Math.max(0, offset - MARK_BYTES);
  return { head: await headOf(source, offset), offset, mark: await digest(source, begin, offset - begin), time };
}

/** True where this is the file that the cursor was made for. */
export async function isAt(cursor: LogCursor, source: LogSource): Promise<boolean> {
  if ((await source.size()) < cursor.offset) return false;
  const { head, mark } = await cursorAt(source, cursor.offset, cursor.time);
  return head === cursor.head && mark === cursor.mark;
}

async function digest(source: LogSource, position: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(length);
  const got = length === 0 ? 0 : await source.read(bytes, position);
  return createHash('sha256').update(bytes.subarray(0, got)).digest('base64url').slice(0, 22);
}

/** The stored cursor; undefined where there is none or a power cut left none that can be read: all is sent again then. */
export async function readCursor(path: string): Promise<LogCursor | undefined> {
  try {
    const { head, offset, mark, time } = JSON.parse(await readFile(path, 'utf8')) as Partial<LogCursor>;
    const sound = typeof head === 'string' && typeof mark === 'string' && typeof time === 'string' && Number.isSafeInteger(offset);
    return sound ? { head, offset: offset as number, mark, time } : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all. Not synced: what a power cut takes back is sent twice, and nothing is lost. */
export async function writeCursor(path: string, cursor: LogCursor): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(cursor), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
