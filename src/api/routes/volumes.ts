import { json, noContent, type WholeAnswer } from '#api/answer.ts';
import { decodeBody, dictionary, struct, text } from '#api/decode.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { listOrNull } from '#api/shapes/empty.ts';
import { volumeInfo } from '#api/shapes/volumes.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import { decodeFilters } from '#protocol/filters.ts';
import type { CreateVolumeBody, PruneVolumesResponse, VolumeList } from '#protocol/volumes.ts';

const createBody = struct<Required<CreateVolumeBody>>('volume.CreateOptions', {
  Name: text,
  Driver: text,
  DriverOpts: dictionary(text),
  Labels: dictionary(text),
});

export function volumeRoutes(volumes: Volumes): Route[] {
  return [
    route('GET', '/volumes', ({ query }) => {
      const found = volumes.list(decodeFilters(query.text('filters')));
      const answer: VolumeList = { Volumes: found.map((volume) => volumeInfo(volume)), Warnings: null };
      return json(answer);
    }),

    route('POST', '/volumes/create', (request) => create(volumes, request)),

    route('GET', '/volumes/{name}', ({ params }) => json(volumeInfo(volumes.inspect(params.name)))),

    route('DELETE', '/volumes/{name}', async ({ params, query }) => {
      await volumes.remove(params.name, { force: query.flag('force') });
      return noContent;
    }),

    route('POST', '/volumes/prune', async (request) => {
      const filters = new Map(decodeFilters(request.query.text('filters')));
      // Before API 1.42 named volumes went too.
      if (!request.speaks('1.42')) filters.set('all', ['true']);
      const { deleted, reclaimedBytes } = await volumes.prune(filters);
      const answer: PruneVolumesResponse = { VolumesDeleted: listOrNull(deleted), SpaceReclaimed: reclaimedBytes };
      return json(answer);
    }),
  ];
}

async function create(volumes: Volumes, request: ApiRequest): Promise<WholeAnswer> {
  const body = decodeBody(createBody, await request.json(), 'CreateOptions');
  const asked = { name: body.Name, driver: body.Driver, options: body.DriverOpts ?? {}, labels: body.Labels ?? {} };
  return json(volumeInfo(await volumes.create(asked)), 201);
}
