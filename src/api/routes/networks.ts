import { json } from '#api/answer.ts';
import { route, type Route } from '#api/router.ts';
import { networkInfo } from '#api/shapes/networks.ts';
import type { Networks } from '#engine/networks/networks.ts';
import { decodeFilters } from '#protocol/filters.ts';

export function networkRoutes(networks: Networks): Route[] {
  return [
    route('GET', '/networks', ({ query }) => {
      const found = networks.list(decodeFilters(query.text('filters')));
      return json(found.map((network) => networkInfo(network, false)));
    }),

    route('GET', '/networks/{id}', ({ params }) => json(networkInfo(networks.inspect(params.id), true))),
  ];
}
