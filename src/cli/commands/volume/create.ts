import { command, CommandFailure, type Command } from '../../command.ts';
import { checkLabel } from '../../create/flag-checks.ts';
import { pairsOf } from '../../create/key-values.ts';

export const create: Command = command({
  usage: '[OPTIONS] [VOLUME]',
  args: { min: 0, max: 1 },
  flags: {
    driver: { type: 'string', short: 'd', default: 'local', help: 'Volume driver' },
    label: { type: 'list', help: 'Label (KEY=VALUE)', check: checkLabel },
    name: { type: 'string', hidden: true },
    opt: { type: 'map', short: 'o', help: 'Option of the driver (NAME=VALUE)', shownDefault: 'map[]' },
  },

  async run(call) {
    const { flags, args } = call;
    if (flags.name !== '' && args.length > 0) throw new CommandFailure('conflicting options: cannot specify a volume-name through both --name and as a positional arg', 1);
    const volume = await call.engine.volumes.create({ Name: args[0] ?? flags.name, Driver: flags.driver, DriverOpts: flags.opt, Labels: pairsOf(flags.label) });
    call.print(volume.Name);
  },
});
