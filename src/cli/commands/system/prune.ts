import { isKind } from '#base/errors.ts';
import type { EngineClient } from '#client/engine-client.ts';
import type { Filters } from '#client/filters-text.ts';
import { command, CommandFailure, type Command } from '../../command.ts';
import { humanSize } from '../../format/units.ts';
import { confirmed } from '../../prune.ts';

export const prune: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: {
    all: { type: 'bool', short: 'a', help: 'Remove every image that no container uses, named ones too' },
    filter: { type: 'filter', help: 'Remove only what matches (until=24h, label=a=b)' },
    force: { type: 'bool', short: 'f', help: 'Do not ask first' },
    volumes: { type: 'bool', help: 'Remove anonymous volumes too' },
  },

  async run(call) {
    const { engine, flags } = call;
    const { all, filter, volumes } = flags;
    if (volumes && filter['until'] !== undefined) throw new CommandFailure('ERROR: The "until" filter is not supported with "--volumes"', 1);
    if (!flags.force && !(await confirmed(call, warning(all, volumes)))) return 0;
    let reclaimed = 0;
    const tell = (title: string, removed: readonly string[], bytes: number | undefined): void => {
      reclaimed += bytes ?? 0;
      if (removed.length > 0) call.print(`${title}:\n${removed.join('\n')}\n`);
    };
    const containers = await engine.containers.prune(filter);
    tell('Deleted Containers', containers.ContainersDeleted ?? [], containers.SpaceReclaimed);
    tell('Deleted Networks', await prunedNetworks(engine, filter), 0);
    if (volumes) {
      const report = await engine.volumes.prune(filter);
      tell('Deleted Volumes', report.VolumesDeleted ?? [], report.SpaceReclaimed);
    }
    const images = await engine.images.prune({ ...filter, dangling: [all ? 'false' : 'true'] });
    tell('Deleted Images', (images.ImagesDeleted ?? []).map((entry) => ('Deleted' in entry ? `deleted: ${entry.Deleted}` : `untagged: ${entry.Untagged}`)), images.SpaceReclaimed);
    call.print(`Total reclaimed space: ${humanSize(reclaimed)}`);
    return 0;
  },
});

/** An engine that has only the built-in networks has none to remove, and says that it cannot. */
async function prunedNetworks(engine: EngineClient, filter: Filters): Promise<readonly string[]> {
  try {
    return (await engine.networks.prune(filter)).NetworksDeleted ?? [];
  } catch (thrown) {
    if (isKind(thrown, 'not-implemented')) return [];
    throw thrown;
  }
}

function warning(all: boolean, volumes: boolean): string {
  const kinds = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
  ];
  return `WARNING! This will remove:\n${kinds.map((kind) => `  - ${kind}\n`).join('')}`;
}
