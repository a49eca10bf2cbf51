import { command, type Command } from '../../command.ts';
import { formatPorts } from '../../format/port.ts';

export const port: Command = command({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  args: { min: 1, max: 2 },
  completes: 'running-container',
  flags: {},

  async run(call) {
    const [name = '', wanted] = call.args;
    const { NetworkSettings: network } = await call.engine.containers.inspect(name);
    call.console.stdout.write(formatPorts(name, network.Ports ?? {}, wanted));
  },
});
