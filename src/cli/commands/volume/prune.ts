import { command, CommandFailure, type Command } from '../../command.ts';
import { confirmed, pruneReport } from '../../prune.ts';

export const prune: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    all: { type: 'bool', short: 'a', help: 'Remove volumes with a name too' },
    filter: { type: 'filter', help: 'Remove only what matches (label=a=b)' },
    force: { type: 'bool', short: 'f', help: 'Do not ask first' },
  },

  async run(call) {
    const { all, filter, force } = call.flags;
    if (all && filter['all'] !== undefined) throw new CommandFailure('conflicting options: cannot specify both --all and --filter all=1', 1);
    const kind = all ? 'all' : 'anonymous';
    if (!force && !(await confirmed(call, `WARNING! This will remove ${kind} local volumes not used by at least one container.`))) return 0;
    const report = await call.engine.volumes.prune(all ? { ...filter, all: ['true'] } : filter);
    call.console.stdout.write(pruneReport('Deleted Volumes', report.VolumesDeleted ?? [], report.SpaceReclaimed));
    return 0;
  },
});
