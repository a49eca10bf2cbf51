import { command, type Command } from '../../command.ts';
import { OBJECT_FORMAT_HELP } from '../../format-help.ts';
import { inspectAll } from '../../inspect-all.ts';

export const inspect: Command = command({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  args: { min: 1 },
  completes: 'network',
  flags: {
    format: { type: 'string', short: 'f', help: OBJECT_FORMAT_HELP },
    verbose: { type: 'bool', short: 'v', help: 'Show what helps to find a fault' },
  },

  async run(call) {
    const { format, verbose } = call.flags;
    return await inspectAll(call, call.args, format, async (ref) => ({ kind: 'network', object: await call.engine.networks.inspect(ref, { verbose }) }));
  },
});
