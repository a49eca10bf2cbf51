import { command, type Command } from '../../command.ts';
import { formatTop } from '../../format/top.ts';

export const top: Command = command({
  usage: 'CONTAINER [ps OPTIONS]',
  args: { min: 1 },
  interspersed: false,
  completes: 'running-container',
  flags: {},

  async run(call) {
    const [name = '', ...psOptions] = call.args;
    const processes = await call.engine.containers.top(name, psOptions.length === 0 ? undefined : psOptions.join(' '));
    call.console.stdout.write(formatTop(processes));
  },
});
