import { command, CommandFailure, type Command } from '../../command.ts';
import { checkOutputFile, writeArchive } from '../../output-file.ts';

export const exportContainer: Command = command({
  usage: '[OPTIONS] CONTAINER',
  args: { min: 1, max: 1 },
  completes: 'container',
  flags: {
    output: { type: 'string', short: 'o', help: 'Write to this file, not to standard output', completes: 'file' },
  },

  async run(call) {
    const { flags, console } = call;
    if (flags.output === '' && console.stdout.isTerminal) {
      throw new CommandFailure('cowardly refusing to save to a terminal. Use the -o flag or redirect', 1);
    }
    if (flags.output !== '') checkOutputFile(flags.output, 'failed to export container');
    await writeArchive(await call.engine.containers.export(call.args[0] ?? ''), flags.output, console);
  },
});
