import { command, type Command } from '../../command.ts';
import { OBJECT_FORMAT_HELP } from '../../format-help.ts';
import { inspectAll } from '../../inspect-all.ts';

export const inspect: Command = command({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: { min: 1 },
  completes: 'image',
  flags: {
    format: { type: 'string', short: 'f', help: OBJECT_FORMAT_HELP },
    platform: { type: 'string', help: 'Show that platform (OS[/ARCH[/VARIANT]])' },
  },

  async run(call) {
    const { format, platform } = call.flags;
    return await inspectAll(call, call.args, format, async (ref) => ({ kind: 'image', object: await call.engine.images.inspect(ref, { platform: platform || undefined }) }));
  },
});
