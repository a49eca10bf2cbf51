import { command, CommandFailure, type Command } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import { FORMAT_HELP } from '../../format-help.ts';
import { formatVolumes } from '../../format/volume.ts';

export const ls: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    cluster: { type: 'bool', help: 'Refused: there are no cluster volumes' },
    filter: { type: 'filter', short: 'f', help: 'Show only what matches (dangling=true, name=data, …)' },
    format: { type: 'string', help: FORMAT_HELP },
    quiet: { type: 'bool', short: 'q', help: 'Show names alone' },
  },

  async run(call) {
    const { flags } = call;
    if (flags.cluster) throw new CommandFailure('there are no cluster volumes here', 1);
    const format = flags.format || (flags.quiet ? '' : (readConfig(call.configDir).volumesFormat ?? ''));
    const { Volumes: volumes, Warnings: warnings } = await call.engine.volumes.list(flags.filter);
    for (const warning of warnings ?? []) call.warn(`WARNING: ${warning}`);
    call.console.stdout.write(formatVolumes(volumes ?? [], { format, quiet: flags.quiet }));
  },
});
