import { json } from '#api/answer.ts';
import { decodeBody } from '#api/decode.ts';
import { route, type Route } from '#api/router.ts';
import { discardedChanges, updateRequest } from '#api/shapes/container-update.ts';
import { listOrNull } from '#api/shapes/empty.ts';
import { hostConfigBody } from '#api/shapes/host-config-body.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { UpdateContainerResponse } from '#protocol/containers.ts';

export function containerUpdateRoutes(containers: Containers): Route[] {
  return [
    route('POST', '/containers/{name}/update', async (request) => {
      const body = decodeBody(hostConfigBody, await request.json(), 'UpdateConfig');
      const { warnings } = await containers.update(request.params.name, updateRequest(body));
      const answer: UpdateContainerResponse = { Warnings: listOrNull([...warnings, ...discardedChanges(body)]) };
      return json(answer);
    }),
  ];
}
