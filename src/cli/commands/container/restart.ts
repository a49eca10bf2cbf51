import { command, forEach, type Command } from '../../command.ts';

export const restart: Command = command({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'container',
  flags: {
    signal: { type: 'string', short: 's', help: 'Signal to send' },
    time: { type: 'int', aliasOf: 'timeout', hidden: true },
    timeout: { type: 'int', short: 't', help: 'Seconds to wait before the kill' },
  },

  async run(call) {
    const t = call.given.has('timeout') ? call.flags.timeout : undefined;
    const signal = call.flags.signal || undefined;
    return await forEach(call, call.args, async (name) => {
      await call.engine.containers.restart(name, { t, signal });
      return name;
    });
  },
});
