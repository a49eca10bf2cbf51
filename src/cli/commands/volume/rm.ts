import { command, forEach, type Command } from '../../command.ts';

export const rm: Command = command({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  args: { min: 1 },
  completes: 'volume',
  flags: { force: { type: 'bool', short: 'f', help: 'Do not complain about one that is not there' } },

  async run(call) {
    return await forEach(call, call.args, async (name) => {
      await call.engine.volumes.remove(name, { force: call.flags.force });
      return name;
    });
  },
});
