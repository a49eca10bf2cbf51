import { command, type Command } from '../../command.ts';
import { moment } from '../../moment.ts';
import { OBJECT_FORMAT_HELP } from '../../format-help.ts';
import { eventFormatter } from '../../format/events.ts';

export const events: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    filter: { type: 'filter', short: 'f', help: 'Show only what matches (container=web, event=die, type=image, …)' },
    format: { type: 'string', help: OBJECT_FORMAT_HELP },
    since: { type: 'string', help: 'From then on: a time or a while ago (10m)' },
    until: { type: 'string', help: 'Until then: a time or a while ago' },
  },

  async run(call) {
    const { flags } = call;
    const show = eventFormatter(flags.format);
    const query = { since: moment('since', flags.since), until: moment('until', flags.until), filters: flags.filter };
    for await (const event of call.engine.system.events(query)) call.print(show(event));
  },
});
