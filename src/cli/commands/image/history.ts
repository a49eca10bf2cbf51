import { command, type Command } from '../../command.ts';
import { FORMAT_HELP } from '../../format-help.ts';
import { formatHistory } from '../../format/history.ts';

export const history: Command = command({
  usage: '[OPTIONS] IMAGE',
  args: { min: 1, max: 1 },
  completes: 'image',
  flags: {
    format: { type: 'string', help: FORMAT_HELP },
    human: { type: 'bool', short: 'H', default: 'true', help: 'Show rounded sizes and ages' },
    'no-trunc': { type: 'bool', help: 'Do not shorten anything' },
    platform: { type: 'string', help: 'Show that platform (OS[/ARCH[/VARIANT]])' },
    quiet: { type: 'bool', short: 'q', help: 'Show ids alone' },
  },

  async run(call) {
    const { flags } = call;
    const steps = await call.engine.images.history(call.args[0] ?? '', { platform: flags.platform });
    call.console.stdout.write(formatHistory(steps, { format: flags.format, human: flags.human, quiet: flags.quiet, noTrunc: flags['no-trunc'] }));
  },
});
