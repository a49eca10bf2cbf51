import { setTimeout as pause } from 'node:timers/promises';
import { command, CommandFailure, errorText, type Command } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import type { Console } from '../../console.ts';
import { FORMAT_HELP } from '../../format-help.ts';
import { formatStats } from '../../format/stats.ts';
import { StatsBoard } from '../../stats/stats-board.ts';
import { followContainers } from '../../stats/follow-containers.ts';

const REDRAW_MS = 500;
/** Where nobody looks at a screen, a table for each new sample. */
const APPEND_MS = 1000;

export const stats: Command = command({
  usage: '[OPTIONS] [CONTAINER...]',
  args: { min: 0 },
  completes: 'running-container',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Show those that do not run too' },
    format: { type: 'string', help: FORMAT_HELP },
    'no-stream': { type: 'bool', help: 'Show once, and end' },
    'no-trunc': { type: 'bool', help: 'Do not shorten anything' },
  },

  async run(call) {
    const { flags, args, engine, console } = call;
    const format = flags.format || (readConfig(call.configDir).statsFormat ?? '');
    using board = new StatsBoard(engine);
    const show = (): string => formatStats(board.entries(), { format, noTrunc: flags['no-trunc'] });
    const named = args.length > 0;
    const listed = named ? args : (await engine.containers.list({ all: flags.all })).map(({ Id: id }) => id);

    if (flags['no-stream']) {
      for (const container of listed) board.ask(container);
      await board.settled();
      failWith(named ? board.failures() : []);
      console.stdout.write(show());
      return;
    }
    for (const container of listed) board.watch(container);
    await board.settled();
    failWith(named ? board.failures() : []);
    // the engine's end ends it, whatever is on the board
    let end: { readonly failures: readonly string[] } | undefined;
    if (!named) {
      void followContainers(engine, board, flags.all).then(() => (end = { failures: [] }), (thrown: unknown) => (end = { failures: [errorText(thrown)] }));
    }
    while (end === undefined && (board.size > 0 || !named)) {
      draw(console, show());
      await pause(console.stdout.isTerminal ? REDRAW_MS : APPEND_MS);
      failWith(named ? board.failures() : []);
    }
    failWith(end?.failures ?? []);
  },
});

function failWith(failures: readonly string[]): void {
  if (failures.length > 0) throw new CommandFailure(failures.join('\n'), 1);
}

/** On a terminal, over what was drawn before: home, each line wiped to its end, then all below. */
function draw({ stdout }: Console, text: string): void {
  stdout.write(stdout.isTerminal ? `\u001B[H${text.replaceAll('\n', '\u001B[K\n')}\u001B[J` : text);
}
