import { command, type Command } from '../../command.ts';
import { moment } from '../../moment.ts';
import { copyOutput } from '../../session/attached-session.ts';

export const logs: Command = command({
  usage: '[OPTIONS] CONTAINER',
  args: { min: 1, max: 1 },
  completes: 'container',
  flags: {
    details: { type: 'bool', help: 'Show the labels and variables that the log driver was told to keep' },
    follow: { type: 'bool', short: 'f', help: 'Go on with what is written from now on' },
    since: { type: 'string', help: 'Only what came after: a time (2013-01-02T13:23:37Z) or a while ago (42m)' },
    tail: { type: 'string', short: 'n', default: 'all', help: 'Number of lines from the end' },
    timestamps: { type: 'bool', short: 't', help: 'Show when each line was written' },
    until: { type: 'string', help: 'Only what came before: a time (2013-01-02T13:23:37Z) or a while ago (42m)' },
  },

  async run(call) {
    const { flags, engine } = call;
    const [name = ''] = call.args;
    const { Id: id, Config: config } = await engine.containers.inspect(name);
    const { body } = await engine.containers.logs(id, {
      ...flags,
      since: moment('since', flags.since),
      until: moment('until', flags.until),
    });
    await copyOutput(call.console, body, { tty: config.Tty, stdout: true, stderr: true });
  },
});
