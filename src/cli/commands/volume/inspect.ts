import { command, type Command } from '../../command.ts';
import { OBJECT_FORMAT_HELP } from '../../format-help.ts';
import { inspectAll } from '../../inspect-all.ts';

export const inspect: Command = command({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  args: { min: 1 },
  completes: 'volume',
  flags: { format: { type: 'string', short: 'f', help: OBJECT_FORMAT_HELP } },

  async run(call) {
    return await inspectAll(call, call.args, call.flags.format, async (ref) => ({ kind: 'volume', object: await call.engine.volumes.inspect(ref) }));
  },
});
