import { createInterface } from 'node:readline';
import type { CommandCall } from './command.ts';
import type { FlagTable } from './flags/flag.ts';
import { humanSize } from './format/units.ts';

/** Asks on the console whether to go on; anything but `y` or `yes` is no. */
export async function confirmed(call: Pick<CommandCall<FlagTable>, 'console'>, warning: string): Promise<boolean> {
  call.console.stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  const lines = createInterface({ input: call.console.stdin.open(), terminal: false });
  try {
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}

/** What a prune prints: what is gone, then how much room that made. */
export function pruneReport(title: string, removed: readonly string[], reclaimedBytes: number | undefined): string {
  const list = removed.length === 0 ? '' : `${title}:\n${removed.join('\n')}\n\n`;
  return `${list}Total reclaimed space: ${humanSize(reclaimedBytes ?? 0)}\n`;
}
