import { command, CommandFailure, type Command } from '../../command.ts';
import { registryAuth } from '../../credentials.ts';
import { fullName, parseImageName } from '../../image-name.ts';
import { showProgress } from '../../progress/show-progress.ts';

export const pull: Command = command({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  args: { min: 1, max: 1 },
  completes: 'image',
  flags: {
    'all-tags': { type: 'bool', short: 'a', help: 'Fetch every tag of the repository' },
    'disable-content-trust': { type: 'bool', default: 'true', help: 'Accepted and without effect: images are not signed here' },
    platform: { type: 'string', help: 'Platform to fetch (OS/ARCH[/VARIANT])' },
    quiet: { type: 'bool', short: 'q', help: 'Show nothing but the name' },
  },

  async run(call) {
    const { flags, engine, console } = call;
    const name = parseImageName(call.args[0] ?? '');
    const every = flags['all-tags'];
    if (every && (name.tag !== '' || name.digest !== '')) throw new CommandFailure("tag can't be used with --all-tags/-a", 1);
    if (!every && name.tag === '' && name.digest === '' && !flags.quiet) call.print('Using default tag: latest');
    const messages = engine.images.pull({
      image: name.canonical,
      tag: every ? '' : name.digest || name.tag || 'latest',
      platform: flags.platform,
      auth: await registryAuth(call.configDir, name.domain),
    });
    await showProgress(messages, flags.quiet ? { ...console.stdout, isTerminal: false, write: () => {} } : console.stdout);
    call.print(canonical(name));
  },
});

/** The name with its registry, as it could be typed anywhere: the last line of a pull. */
function canonical(name: ReturnType<typeof parseImageName>): string {
  return fullName({ ...name, repository: name.canonical });
}
