import { empty, json, noContent, type WholeAnswer } from '#api/answer.ts';
import { emptyBody } from '#api/json-body.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { decodeCreateBody } from '#api/shapes/container-body.ts';
import { containerSpec } from '#api/shapes/container-create.ts';
import { containerInspect } from '#api/shapes/container-inspect.ts';
import { containerSummary, type ListVersion } from '#api/shapes/container-list.ts';
import { listOrNull } from '#api/shapes/empty.ts';
import { EngineError } from '#base/errors.ts';
import type { Containers, StopOptions } from '#engine/containers/containers.ts';
import type { CreateContainerResponse, PruneContainersResponse, TopResponse } from '#protocol/containers.ts';
import { decodeFilters } from '#protocol/filters.ts';
import { terminalSize } from './terminal-size.ts';

/** What containers are and what is done to them; their streams are in `container-streams.ts`. */
export function containerRoutes(containers: Containers): Route[] {
  return [...lookingRoutes(containers), ...lifeRoutes(containers), ...changingRoutes(containers)];
}

function lookingRoutes(containers: Containers): Route[] {
  return [
    route('GET', '/containers/json', (request) => list(containers, request)),

    route('GET', '/containers/{name}/json', async (request) => {
      const details = await containers.inspect(request.params.name, { size: request.query.flag('size') });
      return json(containerInspect(details, { legacyAddresses: !request.speaks('1.52') }));
    }),

    route('GET', '/containers/{name}/top', async ({ params, query }) => {
      const { titles, processes } = await containers.top(params.name, query.text('ps_args') || '-ef');
      const answer: TopResponse = { Processes: processes, Titles: titles };
      return json(answer);
    }),
  ];
}

function lifeRoutes(containers: Containers): Route[] {
  return [
    route('POST', '/containers/create', (request) => create(containers, request)),

    route('POST', '/containers/{name}/start', async ({ params, headers, closing }) => {
      // moby tells a client of before 1.24 by a body, and lets the few bytes of an empty object pass
      if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 7) {
        throw new EngineError(
          'invalid',
          'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
        );
      }
      await containers.start(params.name, closing);
      return noContent;
    }),

    route('POST', '/containers/{name}/stop', async (request) => {
      await containers.stop(request.params.name, stopOptions(request), request.closing);
      return noContent;
    }),

    route('POST', '/containers/{name}/restart', async (request) => {
      await containers.restart(request.params.name, stopOptions(request), request.closing);
      return noContent;
    }),

    route('POST', '/containers/{name}/kill', async ({ params, query }) => {
      await containers.kill(params.name, query.text('signal'));
      return noContent;
    }),

    route('POST', '/containers/{name}/pause', async ({ params }) => {
      await containers.pause(params.name);
      return noContent;
    }),

    route('POST', '/containers/{name}/unpause', async ({ params }) => {
      await containers.unpause(params.name);
      return noContent;
    }),
  ];
}

function changingRoutes(containers: Containers): Route[] {
  return [
    route('POST', '/containers/{name}/resize', async ({ params, query }) => {
      await containers.resize(params.name, terminalSize(query));
      return empty(200);
    }),

    route('POST', '/containers/{name}/rename', async ({ params, query }) => {
      await containers.rename(params.name, query.text('name'));
      return noContent;
    }),

    route('DELETE', '/containers/{name}', async ({ params, query }) => {
      const options = { force: query.flag('force'), volumes: query.flag('v'), link: query.flag('link') };
      await containers.remove(params.name, options);
      return noContent;
    }),

    route('POST', '/containers/prune', async ({ query }) => {
      const { deleted, reclaimedBytes } = await containers.prune(decodeFilters(query.text('filters')));
      const answer: PruneContainersResponse = { ContainersDeleted: listOrNull(deleted), SpaceReclaimed: reclaimedBytes };
      return json(answer);
    }),
  ];
}

async function create(containers: Containers, request: ApiRequest): Promise<WholeAnswer> {
  const body = await request.json();
  if (body === undefined) throw emptyBody();
  const decoded = decodeCreateBody(body);
  const spec = containerSpec(decoded);
  const { query, cancel } = request;
  const asked = { name: query.find('name'), platform: query.text('platform'), spec, unset: { stopSignal: spec.process.stopSignal === null } };
  const { id, warnings } = await containers.create(asked, cancel);
  const answer: CreateContainerResponse = { Id: id, Warnings: [...warnings, ...ownWarnings(decoded)] };
  return json(answer, 201);
}

/** What dockerd warns of that is in the request alone. */
function ownWarnings(body: ReturnType<typeof decodeCreateBody>): readonly string[] {
  const { HostConfig: host } = body;
  const warnings: string[] = [];
  if (body.MacAddress !== '') {
    warnings.push('The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.');
  }
  if (host.NetworkMode === 'host' && Object.keys(host.PortBindings ?? {}).length > 0) {
    warnings.push('Published ports are discarded when using host network mode');
  }
  if (host.CpuPercent > 0) warnings.push('linux does not support CPU percent. Percent discarded.');
  return warnings;
}

async function list(containers: Containers, request: ApiRequest): Promise<WholeAnswer> {
  const { query } = request;
  const found = await containers.list({
    all: query.flag('all'),
    limit: Math.max(query.integer('limit') ?? 0, 0),
    size: query.flag('size'),
    filters: decodeFilters(query.text('filters')),
  });
  const now = Date.now();
  return json(found.map((container) => containerSummary(container, listVersion(request), now)));
}

export function listVersion(request: Pick<ApiRequest, 'speaks'>): ListVersion {
  return { annotations: request.speaks('1.46'), health: request.speaks('1.52') };
}

/** Before API 1.42 a signal could not be given. */
function stopOptions(request: Pick<ApiRequest, 'query' | 'speaks'>): StopOptions {
  const signal = request.speaks('1.42') ? request.query.text('signal') : '';
  return { signal: signal === '' ? undefined : signal, timeoutSeconds: request.query.integer('t') };
}
