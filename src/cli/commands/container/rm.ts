import { isKind } from '#base/errors.ts';
import { command, CommandFailure, errorText, forEach, type Command } from '../../command.ts';

export const rm: Command = command({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'container',
  flags: {
    force: { type: 'bool', short: 'f', help: 'Kill the container first where it runs' },
    link: { type: 'bool', short: 'l', help: 'Remove the link of that name instead' },
    volumes: { type: 'bool', short: 'v', help: 'Remove its anonymous volumes too' },
  },

  async run(call) {
    const { force, link, volumes: v } = call.flags;
    return await forEach(call, call.args, async (arg) => {
      const name = arg.replace(/^\/+|\/+$/g, '');
      if (name === '') throw new CommandFailure('container name cannot be empty', 1);
      try {
        await call.engine.containers.remove(name, { force, link, v });
        return name;
      } catch (thrown) {
        if (!force || !isKind(thrown, 'not-found')) throw thrown;
        call.warn(errorText(thrown));
        return undefined;
      }
    });
  },
});
