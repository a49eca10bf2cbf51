import { createReadStream } from 'node:fs';
import { codeOf, messageOf } from '#base/errors.ts';
import { command, CommandFailure, type Command } from '../../command.ts';
import { showProgress } from '../../progress/show-progress.ts';

export const load: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    input: { type: 'string', short: 'i', help: 'Read this archive, not standard input', completes: 'file' },
    platform: { type: 'string', help: 'Read that platform alone (OS[/ARCH[/VARIANT]])' },
    quiet: { type: 'bool', short: 'q', help: 'Do not show progress' },
  },

  async run(call) {
    const { flags, console } = call;
    if (flags.input === '' && console.stdin.isTerminal) throw new CommandFailure('requested load from stdin, but stdin is empty', 1);
    const archive = flags.input === '' ? (console.stdin.open() as AsyncIterable<Uint8Array>) : await opened(flags.input);
    const quiet = flags.quiet || !console.stdout.isTerminal;
    await showProgress(call.engine.images.load(archive, { quiet, platform: flags.platform || undefined }), console.stdout);
  },
});

/** Resolves once the file is open, so that a missing one is told before the engine is asked. */
async function opened(file: string): Promise<AsyncIterable<Uint8Array>> {
  const stream = createReadStream(file, { highWaterMark: 256 * 1024 });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stream.once('open', () => resolve()).once('error', reject);
  try {
    await promise;
  } catch (thrown) {
    const why = codeOf(thrown) === 'ENOENT' ? 'no such file or directory' : messageOf(thrown);
    throw new CommandFailure(`open ${file}: ${why}`, 1, { cause: thrown });
  }
  return stream as AsyncIterable<Uint8Array>;
}
