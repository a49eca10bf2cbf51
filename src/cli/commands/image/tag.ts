import { command, CommandFailure, errorText, type Command } from '../../command.ts';
import { parseImageName } from '../../image-name.ts';

export const tag: Command = command({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  args: { min: 2, max: 2 },
  completes: 'image',
  flags: {},

  async run(call) {
    const [source = '', target = ''] = call.args;
    const name = nameOf(target);
    await call.engine.images.tag(source, name.canonical, name.tag || 'latest');
  },
});

function nameOf(target: string): ReturnType<typeof parseImageName> {
  try {
    const name = parseImageName(target);
    if (name.digest === '') return name;
  } catch (thrown) {
    throw new CommandFailure(`Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${errorText(thrown)}`, 1, { cause: thrown });
  }
  throw new CommandFailure('refusing to create a tag with a digest reference', 1);
}
