import { empty, json } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { listOrNull } from '#api/shapes/empty.ts';
import {
  containersPerImage, imageDeleteEntry, imageHistoryEntry, imageInspect, imageSummary, sharedBytes, UNCOUNTED, type ImageVersion,
} from '#api/shapes/images.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { Filters } from '#engine/filters.ts';
import type { Images } from '#engine/images/images.ts';
import { decodeFilters } from '#protocol/filters.ts';
import type { ImageSummary, PruneImagesResponse } from '#protocol/images.ts';

/** Looking at images and taking them away; how they come and go as archives is in `image-transfer.ts`. */
export function imageRoutes(images: Images, containers: Containers): Route[] {
  return [
    route('GET', '/images/json', async (request) => json(await list(images, containers, request))),

    route('GET', '/images/{name...}/json', (request) => json(imageInspect(images.get(request.params.name), imageVersion(request)))),

    route('GET', '/images/{name...}/history', ({ params }) => json(images.history(params.name).map(imageHistoryEntry))),

    route('POST', '/images/{name...}/tag', ({ params, query }) => {
      images.tag(params.name, query.text('repo'), query.text('tag'));
      return empty(201);
    }),

    route('DELETE', '/images/{name...}', async ({ params, query }) => {
      const removed = await images.remove(params.name, { force: query.flag('force'), noPrune: query.flag('noprune') });
      return json(removed.map(imageDeleteEntry));
    }),

    route('POST', '/images/prune', async ({ query }) => {
      const { removed, reclaimedBytes } = await images.prune(decodeFilters(query.text('filters')));
      const answer: PruneImagesResponse = { ImagesDeleted: listOrNull(removed.map(imageDeleteEntry)), SpaceReclaimed: reclaimedBytes };
      return json(answer);
    }),
  ];
}

export function imageVersion(request: Pick<ApiRequest, 'speaks'>): ImageVersion {
  return {
    namesNone: !request.speaks('1.43'),
    virtualSize: !request.speaks('1.44'),
    containerConfig: !request.speaks('1.45'),
    containerFields: !request.speaks('1.50'),
    parent: !request.speaks('1.52'),
  };
}

async function list(images: Images, containers: Containers, request: ApiRequest): Promise<readonly ImageSummary[]> {
  const { query } = request;
  const found = images.list({ all: query.flag('all'), filters: filtersOf(request) });
  const version = imageVersion(request);
  const shared = query.flag('shared-size') ? sharedBytes(images.list({ all: true, filters: new Map() })) : undefined;
  const all = { all: true, limit: 0, size: false, filters: new Map() };
  const uses = request.speaks('1.51') ? containersPerImage(await containers.list(all)) : undefined;
  return found.map((image) =>
    imageSummary(image, version, {
      containers: uses ? (uses.get(image.id) ?? 0) : UNCOUNTED.containers,
      sharedBytes: shared ? (shared.get(image.id) ?? 0) : UNCOUNTED.sharedBytes,
    }),
  );
}

/** Before API 1.41 a name to look for came as `filter`. */
function filtersOf(request: ApiRequest): Filters {
  const filters = decodeFilters(request.query.text('filters'));
  const name = request.query.text('filter');
  if (name === '' || request.speaks('1.41')) return filters;
  return new Map([...filters, ['reference', [...(filters.get('reference') ?? []), name]]]);
}
