import { command, CommandFailure, type Command, type CommandCall } from '../../command.ts';
import type { FlagTable } from '../../flags/flag.ts';
import { OBJECT_FORMAT_HELP } from '../../format-help.ts';
import type { InspectedKind } from '../../format/inspect.ts';
import { ifThere, inspectAll, type Found } from '../../inspect-all.ts';

/** In the order in which a name is looked for. */
const KINDS: readonly InspectedKind[] = ['container', 'image', 'network', 'volume'];
/** Docker's other kinds: there are none of them here yet. */
const OTHER_KINDS: readonly string[] = ['config', 'node', 'plugin', 'secret', 'service', 'task'];

export const inspect: Command = command({
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  args: { min: 1 },
  completes: 'container',
  flags: {
    format: { type: 'string', short: 'f', help: OBJECT_FORMAT_HELP },
    size: { type: 'bool', short: 's', help: 'Measure how much disk a container uses' },
    type: { type: 'string', help: 'Look only for that kind of thing', completes: [...KINDS] },
  },

  async run(call) {
    const { format, size, type } = call.flags;
    const kinds = kindsOf(type, call.given.has('type'));
    return await inspectAll(call, call.args, format, async (ref) => await find(call, ref, kinds, size));
  },
});

function kindsOf(type: string, given: boolean): readonly InspectedKind[] {
  if (!given) return KINDS;
  const kind = KINDS.find((name) => name === type);
  if (kind !== undefined) return [kind];
  if (OTHER_KINDS.includes(type)) return [];
  const known = [...KINDS, ...OTHER_KINDS].toSorted().map((name) => `"${name}"`);
  throw new CommandFailure(`unknown type: "${type}": must be one of ${known.join(', ')}`, 1);
}

async function find({ engine }: Pick<CommandCall<FlagTable>, 'engine'>, ref: string, kinds: readonly InspectedKind[], size: boolean): Promise<Found> {
  const search: Readonly<Record<InspectedKind, () => Promise<unknown>>> = {
    container: () => engine.containers.inspect(ref, { size }),
    image: () => engine.images.inspect(ref),
    network: () => engine.networks.inspect(ref),
    volume: () => engine.volumes.inspect(ref),
  };
  const [only] = kinds;
  if (kinds.length === 1 && only !== undefined) return { kind: only, object: await search[only]() };
  for (const kind of kinds) {
    const object = await ifThere(search[kind]());
    if (object !== undefined) return { kind, object };
  }
  throw new CommandFailure(`Error: No such object: ${ref}`, 1);
}
