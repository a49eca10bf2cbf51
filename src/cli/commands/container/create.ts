import { command, errorText, type Command } from '../../command.ts';
import { containerFlags } from '../../create/checked-flags.ts';
import { createBody } from '../../create/create-body.ts';
import { CREATION_FLAGS } from '../../create/creation-flags.ts';
import { checkPull, newContainer, proxiesFor, refuseApiSocket, usageFailure } from '../../create/new-container.ts';

export const create: Command = command({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  args: { min: 1 },
  interspersed: false,
  completes: 'image',
  flags: { ...containerFlags(), ...CREATION_FLAGS },

  async run(call) {
    const { flags, given, args } = call;
    checkPull(flags.pull, call);
    refuseApiSocket(flags['use-api-socket'], call);
    let body;
    try {
      body = createBody({ flags, given, image: args[0] ?? '', command: args.slice(1), env: call.console.env, proxies: proxiesFor(call, flags.env) });
    } catch (thrown) {
      throw usageFailure(call.name, errorText(thrown));
    }
    call.print(await newContainer(call, body, flags));
  },
});
