import { EngineError } from '#base/errors.ts';
import { json } from '#api/answer.ts';
import { route, type Route } from '#api/router.ts';
import { networkInfo } from '#api/shapes/networks.ts';
import type { Networks } from '#engine/networks/networks.ts';
import { decodeFilters } from '#protocol/filters.ts';

const BOOLEANS = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

export function networkRoutes(networks: Networks): Route[] {
  return [
    route('GET', '/networks', ({ query }) => {
      const found = networks.list(decodeFilters(query.text('filters')));
      return json(found.map((network) => networkInfo(network, false)));
    }),

    route('GET', '/networks/{id}', ({ params, query }) => {
      const [scope, verbose] = [query.text('scope'), query.text('verbose')];
      if (verbose !== '' && !BOOLEANS.test(verbose)) {
        throw new EngineError('invalid', `invalid value for verbose: ${verbose}: strconv.ParseBool: parsing ${JSON.stringify(verbose)}: invalid syntax`);
      }
      const found = networks.inspect(params.id);
      if (scope !== '' && scope !== found.scope) throw new EngineError('not-found', `network ${params.id} not found`);
      return json(networkInfo(found, true));
    }),
  ];
}
