import type { TarEntry, TarEvent } from './entry.ts';
import { TarReader } from './reader.ts';
import { END_OF_ARCHIVE, paddingOf, plainEntry, tarHeader } from './writer.ts';

/** A file of an archive made for a test. */
export type TestEntry = Partial<TarEntry> & { readonly name: string; readonly data?: string | Uint8Array };

/** An archive of these entries, with its end. */
export function makeTar(entries: readonly TestEntry[]): Buffer {
  const parts = entries.flatMap(({ name, data = '', type = 'file', ...some }) => {
    const bytes = Buffer.from(data);
    return [tarHeader(plainEntry(type, name, { ...some, sizeBytes: bytes.length })), bytes, Buffer.alloc(paddingOf(bytes.length))];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

/** All that a reader finds when the archive comes in pieces of this size. */
export function readTar(archive: Uint8Array, pieceBytes: number = archive.length || 1): { entry: TarEntry; data: Buffer }[] {
  const reader = new TarReader();
  const found: { entry: TarEntry; data: Buffer[]; ended: boolean }[] = [];
  const take = (event: TarEvent): void => {
    const last = found.at(-1);
    if (event.kind === 'entry') found.push({ entry: event.entry, data: [], ended: false });
    else if (event.kind === 'data') last?.data.push(Buffer.from(event.bytes));
    else if (last) last.ended = true;
  };
  for (let at = 0; at < archive.length; at += pieceBytes) {
    for (const event of reader.push(archive.subarray(at, at + pieceBytes))) take(event);
  }
  reader.finish();
  if (!found.every((each) => each.ended)) throw new Error('an entry did not end');
  return found.map(({ entry, data }) => ({ entry, data: Buffer.concat(data) }));
}

