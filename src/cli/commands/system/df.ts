import { command, type Command } from '../../command.ts';
import { FORMAT_HELP } from '../../format-help.ts';
import { formatDiskUsage } from '../../format/disk-usage.ts';

export const df: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    format: { type: 'string', help: FORMAT_HELP },
    verbose: { type: 'bool', short: 'v', help: 'Show every object, not sums' },
  },

  async run(call) {
    const { format, verbose } = call.flags;
    call.console.stdout.write(formatDiskUsage(await call.engine.system.diskUsage(), { format, verbose }));
  },
});
