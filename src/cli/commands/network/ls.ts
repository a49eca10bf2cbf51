import { command, type Command } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import { FORMAT_HELP } from '../../format-help.ts';
import { formatNetworks } from '../../format/network.ts';

export const ls: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    filter: { type: 'filter', short: 'f', help: 'Show only what matches (driver=bridge, name=web, …)' },
    format: { type: 'string', help: FORMAT_HELP },
    'no-trunc': { type: 'bool', help: 'Do not shorten anything' },
    quiet: { type: 'bool', short: 'q', help: 'Show ids alone' },
  },

  async run(call) {
    const { flags } = call;
    const format = flags.format || (flags.quiet ? '' : (readConfig(call.configDir).networksFormat ?? ''));
    const networks = await call.engine.networks.list(flags.filter);
    call.console.stdout.write(formatNetworks(networks, { format, quiet: flags.quiet, noTrunc: flags['no-trunc'] }));
  },
});
