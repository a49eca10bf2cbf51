import { command, CommandFailure, type Command } from '../../command.ts';
import { checkOutputFile, writeArchive } from '../../output-file.ts';

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
    if (flags.output !== '') checkOutputFile(flags.output, 'failed to save image');
    await writeArchive(await call.engine.images.save(call.args, { platform: flags.platform || undefined }), flags.output, console);
  },
});
