import { command, CommandFailure, forEach, type Command } from '../../command.ts';

export const wait: Command = command({
  usage: 'CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'running-container',
  flags: {},

  async run(call) {
    return await forEach(call, call.args, async (name) => {
      const { ended } = await call.engine.containers.wait(name, 'not-running');
      const { StatusCode: code, Error: error } = await ended;
      if (error !== undefined && error !== null) throw new CommandFailure(error.Message, 1);
      return String(code);
    });
  },
});
