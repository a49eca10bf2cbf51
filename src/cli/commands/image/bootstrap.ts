import { command, type Command } from '../../command.ts';
import { showProgress } from '../../progress/show-progress.ts';

export const bootstrap: Command = command({
  usage: '[OPTIONS] IMAGE',
  args: { min: 1, max: 1 },
  completes: ['debian:bookworm', 'busybox'],
  flags: {
    include: { type: 'list', help: 'Package to put into it' },
    tag: { type: 'string', help: "The image's name; IMAGE otherwise" },
  },

  async run(call) {
    const request = { image: call.args[0] ?? '', include: call.flags.include.flatMap((packages) => packages.split(',')), tag: call.flags.tag };
    await showProgress(call.engine.images.bootstrap(request), call.console.stdout);
  },
});
