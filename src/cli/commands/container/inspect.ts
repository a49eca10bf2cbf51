import { command, type Command } from '../../command.ts';
import { OBJECT_FORMAT_HELP } from '../../format-help.ts';
import { inspectAll } from '../../inspect-all.ts';

export const inspect: Command = command({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'container',
  flags: {
    format: { type: 'string', short: 'f', help: OBJECT_FORMAT_HELP },
    size: { type: 'bool', short: 's', help: 'Measure how much disk it uses' },
  },

  async run(call) {
    const { format, size } = call.flags;
    return await inspectAll(call, call.args, format, async (ref) => ({ kind: 'container', object: await call.engine.containers.inspect(ref, { size }) }));
  },
});
