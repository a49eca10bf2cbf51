import { command, CommandFailure, errorText, type Command } from '../../command.ts';

export const rename: Command = command({
  usage: 'CONTAINER NEW_NAME',
  args: { min: 2, max: 2 },
  completes: 'container',
  flags: {},

  async run(call) {
    const [from = '', to = ''] = call.args.map((name) => name.trim());
    if (from === '' || to === '') throw new CommandFailure('Error: Neither old nor new names may be empty', 1);
    try {
      await call.engine.containers.rename(from, to);
    } catch (thrown) {
      call.warn(errorText(thrown));
      throw new CommandFailure(`Error: failed to rename container named ${from}`, 1, { cause: thrown });
    }
  },
});
