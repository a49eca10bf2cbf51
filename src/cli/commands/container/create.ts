import { command, type Command } from '../../command.ts';
import { containerFlags } from '../../create/checked-flags.ts';
import { createBody } from '../../create/create-body.ts';
import { checkPull, newContainer, usageFailure } from '../../create/new-container.ts';
import { errorText } from '../../command.ts';

export const create: Command = command({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  args: { min: 1 },
  interspersed: false,
  completes: 'image',
  flags: {
    ...containerFlags(),
    'disable-content-trust': { type: 'bool', default: 'true', help: 'Accepted and without effect: images are not signed here' },
    name: { type: 'string', help: "The container's name" },
    platform: { type: 'string', help: 'Platform of the image (OS/ARCH[/VARIANT])' },
    pull: { type: 'string', default: 'missing', help: 'When to fetch the image: "always", "missing", "never"', completes: ['always', 'missing', 'never'] },
    quiet: { type: 'bool', short: 'q', help: 'Do not show how the image is fetched' },
    'use-api-socket': { type: 'bool', help: "Give it the engine's socket" },
  },

  async run(call) {
    const { flags, given, args } = call;
    checkPull(flags.pull, call);
    const body = bodyOf();
    call.print(await newContainer(call, body, flags));

    function bodyOf(): ReturnType<typeof createBody> {
      try {
        return createBody({ flags, given, image: args[0] ?? '', command: args.slice(1), env: call.console.env });
      } catch (thrown) {
        throw usageFailure(call.name, errorText(thrown));
      }
    }
  },
});
