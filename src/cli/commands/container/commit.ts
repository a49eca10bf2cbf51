import { command, type Command } from '../../command.ts';
import { parseImageName } from '../../image-name.ts';

export const commit: Command = command({
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  args: { min: 1, max: 2 },
  completes: 'container',
  flags: {
    author: { type: 'string', short: 'a', help: 'Who made the image (Name <name@example.org>)' },
    change: { type: 'list', short: 'c', help: 'Instruction of a Dockerfile to apply (CMD, ENV, …)' },
    message: { type: 'string', short: 'm', help: "The image's comment" },
    pause: { type: 'bool', short: 'p', default: 'true', help: 'Pause the container meanwhile' },
  },

  async run(call) {
    const { flags, args } = call;
    const [container = '', target = ''] = args;
    const name = target === '' ? undefined : parseImageName(target);
    const { Id: id } = await call.engine.containers.commit(container, {
      repo: name?.canonical, tag: name?.tag || undefined,
      comment: flags.message || undefined, author: flags.author || undefined,
      changes: flags.change, pause: flags.pause,
    });
    call.print(id);
  },
});
