import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { command, CommandFailure, type Command } from '../../command.ts';

export const save: Command = command({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: { min: 1 },
  completes: 'image',
  flags: {
    output: { type: 'string', short: 'o', help: 'Write to this file, not to standard output', completes: 'file' },
    platform: { type: 'string', help: 'Write that platform alone (OS[/ARCH[/VARIANT]])' },
  },

  async run(call) {
    const { flags, console } = call;
    if (flags.output === '' && console.stdout.isTerminal) {
      throw new CommandFailure('cowardly refusing to save to a terminal. Use the -o flag or redirect', 1);
    }
    if (flags.output !== '') checkFolder(flags.output);
    const archive = await call.engine.images.save(call.args, { platform: flags.platform || undefined });
    if (flags.output === '') await pipeline(Readable.from(archive), console.stdout.stream, { end: false });
    else if (isSpecial(flags.output)) await pipeline(Readable.from(archive), createWriteStream(flags.output));
    else await intoFile(archive, flags.output);
  },
});

function checkFolder(file: string): void {
  const folder = dirname(file);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) throw new CommandFailure(`failed to save image: invalid output path: stat ${folder}: no such file or directory`, 1);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new CommandFailure(`failed to save image: invalid output path: "${file}" is a directory`, 1);
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
