import { command, type Command } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import { FORMAT_HELP } from '../../format-help.ts';
import { checkContainersFormat, formatContainers, wantsSizes } from '../../format/ps.ts';

export const ls: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    all: { type: 'bool', short: 'a', help: 'Show those that do not run too' },
    filter: { type: 'filter', short: 'f', help: 'Show only what matches (status=exited, name=web, …)' },
    format: { type: 'string', help: FORMAT_HELP },
    last: { type: 'int', short: 'n', default: '-1', help: 'Show the newest ones, whatever their state' },
    latest: { type: 'bool', short: 'l', help: 'Show the newest one, whatever its state' },
    'no-trunc': { type: 'bool', help: 'Do not shorten anything' },
    quiet: { type: 'bool', short: 'q', help: 'Show ids alone' },
    size: { type: 'bool', short: 's', help: 'Show how much disk they use' },
  },

  async run(call) {
    const { flags } = call;
    const format = flags.format || (flags.quiet ? '' : (readConfig(call.configDir).psFormat ?? ''));
    if (flags.quiet && flags.format !== '') call.warn('WARNING: Ignoring custom format, because both --format and --quiet are set.');
    // A template that cannot work is told before the engine is asked.
    if (format !== '') checkContainersFormat(format);
    const limit = flags.latest && flags.last === -1 ? 1 : flags.last;
    const size = flags.size || (format !== 'json' && !flags.quiet && wantsSizes(format));
    const containers = await call.engine.containers.list({ all: flags.all, limit: limit > 0 ? limit : undefined, size, filters: flags.filter });
    call.console.stdout.write(formatContainers(containers, { format, quiet: flags.quiet, noTrunc: flags['no-trunc'], size: flags.size }));
  },
});
