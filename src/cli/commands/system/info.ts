import { VERSION } from '#base/version.ts';
import type { SystemInfo } from '#protocol/system.ts';
import { command, CommandFailure, errorText, type Command } from '../../command.ts';
import { asTemplate, OBJECT_FORMAT_HELP } from '../../format-help.ts';
import { compileInfo, formatInfo, type ClientInfo } from '../../format/info.ts';

export const info: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: { format: { type: 'string', short: 'f', help: OBJECT_FORMAT_HELP } },

  async run(call) {
    const { engine, flags, console } = call;
    const client: ClientInfo = { Debug: false, Version: VERSION, Context: 'default' };
    const show = flags.format === '' ? formatInfo : asTemplate(() => compileInfo(flags.format));
    let server: SystemInfo | undefined;
    let failure: unknown;
    try {
      server = await engine.system.info();
    } catch (thrown) {
      failure = thrown;
    }
    console.stdout.write(show(client, server));
    if (server === undefined) throw new CommandFailure(errorText(failure), 1, { cause: failure });
    for (const warning of server.Warnings ?? []) call.warn(warning);
  },
});
