import { command, type Command } from '../../command.ts';
import { confirmed, pruneReport } from '../../prune.ts';

export const prune: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    all: { type: 'bool', short: 'a', help: 'Remove every image that no container uses, named ones too' },
    filter: { type: 'filter', help: 'Remove only what matches (until=24h, label=a=b)' },
    force: { type: 'bool', short: 'f', help: 'Do not ask first' },
  },

  async run(call) {
    const { all, filter, force } = call.flags;
    const warning = all ? 'WARNING! This will remove all images without at least one container associated to them.' : 'WARNING! This will remove all dangling images.';
    if (!force && !(await confirmed(call, warning))) return 0;
    const report = await call.engine.images.prune({ ...filter, dangling: [all ? 'false' : 'true'] });
    const lines = (report.ImagesDeleted ?? []).map((entry) => ('Deleted' in entry ? `deleted: ${entry.Deleted}` : `untagged: ${entry.Untagged}`));
    call.console.stdout.write(pruneReport('Deleted Images', lines, report.SpaceReclaimed));
    return 0;
  },
});
