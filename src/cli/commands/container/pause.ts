import { command, forEach, type Command } from '../../command.ts';

export const pause: Command = command({
  usage: 'CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'running-container',
  flags: {},

  async run(call) {
    return await forEach(call, call.args, async (name) => {
      await call.engine.containers.pause(name);
      return name;
    });
  },
});

export const unpause: Command = command({
  usage: 'CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'running-container',
  flags: {},

  async run(call) {
    return await forEach(call, call.args, async (name) => {
      await call.engine.containers.unpause(name);
      return name;
    });
  },
});
