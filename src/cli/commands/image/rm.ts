import { isKind } from '#base/errors.ts';
import { command, errorText, type Command } from '../../command.ts';

export const rm: Command = command({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: { min: 1 },
  completes: 'image',
  flags: {
    force: { type: 'bool', short: 'f', help: 'Remove it although stopped containers use it' },
    'no-prune': { type: 'bool', help: 'Keep parents that have no name' },
    platform: { type: 'strings', help: 'Remove that platform alone (OS[/ARCH[/VARIANT]])' },
  },

  // One after the other: removing one image may take away what the next names.
  async run(call) {
    const { flags } = call;
    let exitCode = 0;
    for (const name of call.args) {
      try {
        for (const entry of await call.engine.images.remove(name, { force: flags.force, noprune: flags['no-prune'], platforms: flags.platform })) {
          call.print('Deleted' in entry ? `Deleted: ${entry.Deleted}` : `Untagged: ${entry.Untagged}`);
        }
      } catch (thrown) {
        call.warn(errorText(thrown));
        if (!flags.force || !isKind(thrown, 'not-found')) exitCode = 1;
      }
    }
    return exitCode;
  },
});
