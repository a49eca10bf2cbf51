import { command, CommandFailure, type Command } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import { FORMAT_HELP } from '../../format-help.ts';
import { formatImages } from '../../format/images.ts';

export const ls: Command = command({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  args: { min: 0, max: 1 },
  completes: 'image',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Show the steps of builds too' },
    digests: { type: 'bool', help: 'Show digests' },
    filter: { type: 'filter', short: 'f', help: 'Show only what matches (dangling=true, reference=nginx*, …)' },
    format: { type: 'string', help: FORMAT_HELP },
    'no-trunc': { type: 'bool', help: 'Do not shorten anything' },
    quiet: { type: 'bool', short: 'q', help: 'Show ids alone' },
    tree: { type: 'bool', help: 'Refused: images have one platform here' },
  },

  async run(call) {
    const { flags, args } = call;
    if (flags.tree) throw new CommandFailure('--tree is not supported: an image has one platform here', 1);
    const filters = args[0] === undefined ? flags.filter : { ...flags.filter, reference: [...(flags.filter['reference'] ?? []), args[0]] };
    const format = flags.format || (flags.quiet ? '' : (readConfig(call.configDir).imagesFormat ?? ''));
    const images = await call.engine.images.list({ all: flags.all, filters });
    call.console.stdout.write(formatImages(images, { format, quiet: flags.quiet, noTrunc: flags['no-trunc'], digests: flags.digests }));
  },
});
