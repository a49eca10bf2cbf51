import { command, type Command, type CommandCall } from '../command.ts';
import { candidates } from '../completion/candidates.ts';
import { BASH, FISH, ZSH } from '../completion/scripts.ts';
import type { FlagTable } from '../flags/flag.ts';

export const bash: Command = printing(BASH);
export const fish: Command = printing(FISH);
export const zsh: Command = printing(ZSH);

/** What the shells' scripts call: the words after `onggi`, the last one unfinished. One candidate a line. */
export const complete: Command = command({
  usage: 'WORD...',
  args: { min: 0 },
  interspersed: false,
  flags: {},

  async run(call) {
    for (const { text, help } of await candidates(call.args, call.engine)) call.print(help === '' ? text : `${text}\t${help}`);
  },
});

function printing(script: string): Command {
  return command({
    usage: '',
    args: { min: 0, max: 0 },
    flags: {},
    run({ console }: CommandCall<FlagTable>) {
      console.stdout.write(script);
      return Promise.resolve(0);
    },
  });
}
