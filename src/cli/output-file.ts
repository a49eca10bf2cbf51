import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CommandFailure } from './command.ts';
import type { Console } from './console.ts';

/** @throws {CommandFailure} where an archive could not be written to that file. `doing`: `failed to save image` */
export function checkOutputFile(file: string, doing: string): void {
  const folder = dirname(file);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) throw new CommandFailure(`${doing}: invalid output path: stat ${folder}: no such file or directory`, 1);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new CommandFailure(`${doing}: invalid output path: "${file}" is a directory`, 1);
}

/** Writes an archive to a file, or to standard output where its name is empty. */
export async function writeArchive(archive: AsyncIterable<Buffer>, file: string, console: Pick<Console, 'stdout'>): Promise<void> {
  if (file === '') await pipeline(Readable.from(archive), console.stdout.stream, { end: false });
  else if (isSpecial(file)) await pipeline(Readable.from(archive), createWriteStream(file));
  else await intoFile(archive, file);
}

/** A device or a pipe is written to; it must not be replaced by a file. */
function isSpecial(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === false;
}

/** Under another name until it is complete: half an archive is none. */
async function intoFile(archive: AsyncIterable<Buffer>, file: string): Promise<void> {
  const temporary = `${file}.part-${process.pid}`;
  try {
    await pipeline(Readable.from(archive), createWriteStream(temporary, { flags: 'wx', mode: 0o600 }));
    await rename(temporary, file);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}
