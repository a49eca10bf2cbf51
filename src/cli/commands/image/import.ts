import { createReadStream } from 'node:fs';
import { command, type Command, type CommandCall } from '../../command.ts';
import type { FlagTable } from '../../flags/flag.ts';
import { parseImageName } from '../../image-name.ts';
import { showProgress } from '../../progress/show-progress.ts';

export const importImage: Command = command({
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  args: { min: 1, max: 2 },
  completes: 'file',
  flags: {
    change: { type: 'list', short: 'c', help: 'Instruction of a Dockerfile to apply (CMD, ENV, …)' },
    message: { type: 'string', short: 'm', help: "The image's comment" },
    platform: { type: 'string', help: 'Platform of the file system (OS/ARCH[/VARIANT])' },
  },

  async run(call) {
    const { flags } = call;
    const [source = '', target = ''] = call.args;
    const name = target === '' ? undefined : parseImageName(target);
    const request = { source: isUrl(source) ? source : '-', repo: name?.canonical ?? '', tag: name?.tag ?? '', message: flags.message, changes: flags.change, platform: flags.platform };
    await showProgress(call.engine.images.import(request, archiveOf(call, source)), call.console.stdout);
  },
});

function archiveOf(call: Pick<CommandCall<FlagTable>, 'console'>, source: string): AsyncIterable<Uint8Array> | undefined {
  if (isUrl(source)) return undefined;
  return (source === '-' ? call.console.stdin.open() : createReadStream(source)) as AsyncIterable<Uint8Array>;
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}
