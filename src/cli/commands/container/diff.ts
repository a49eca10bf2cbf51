import { command, CommandFailure, type Command } from '../../command.ts';
import { formatChanges } from '../../format/diff.ts';

export const diff: Command = command({
  usage: 'CONTAINER',
  args: { min: 1, max: 1 },
  completes: 'container',
  flags: {},

  async run(call) {
    const [name = ''] = call.args;
    if (name === '') throw new CommandFailure('Container name cannot be empty', 1);
    call.console.stdout.write(formatChanges(await call.engine.containers.changes(name)));
  },
});
