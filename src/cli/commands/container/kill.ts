import { command, forEach, type Command } from '../../command.ts';

export const kill: Command = command({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'running-container',
  flags: { signal: { type: 'string', short: 's', help: 'Signal to send, by name or number' } },

  async run(call) {
    return await forEach(call, call.args, async (name) => {
      await call.engine.containers.kill(name, call.flags.signal || undefined);
      return name;
    });
  },
});
