import { command, type Command } from '../../command.ts';
import { confirmed, pruneReport } from '../../prune.ts';

export const prune: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    filter: { type: 'filter', help: 'Remove only what matches (until=24h, label=a=b)' },
    force: { type: 'bool', short: 'f', help: 'Do not ask first' },
  },

  async run(call) {
    if (!call.flags.force && !(await confirmed(call, 'WARNING! This will remove all stopped containers.'))) return 0;
    const report = await call.engine.containers.prune(call.flags.filter);
    call.console.stdout.write(pruneReport('Deleted Containers', report.ContainersDeleted ?? [], report.SpaceReclaimed));
    return 0;
  },
});
