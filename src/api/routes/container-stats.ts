import { EngineError } from '#base/errors.ts';
import { json, jsonStream, type Answer } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { statsResponse } from '#api/shapes/stats.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { StatsReport } from '#engine/containers/stats.ts';

export function containerStatsRoutes(containers: Containers): Route[] {
  return [route('GET', '/containers/{name}/stats', (request) => stats(containers, request))];
}

async function stats(containers: Containers, request: ApiRequest<{ readonly name: string }>): Promise<Answer> {
  const { params, query, cancel } = request;
  const streams = query.flag('stream', true);
  const oneShot = query.flag('one-shot');
  if (streams && oneShot) throw new EngineError('invalid', 'cannot have stream=true and one-shot=true');
  const reports = containers.stats(params.name, streams ? 'stream' : oneShot ? 'once' : 'pair', cancel);
  const shape = { osType: request.speaks('1.52') };
  if (!streams) {
    const only = await firstOf(reports);
    if (!only) throw new EngineError('not-found', `No such container: ${params.name}`);
    return json(statsResponse(only, shape));
  }
  return jsonStream(async (out) => {
    out.begin();
    for await (const report of reports) await out.write(`${JSON.stringify(statsResponse(report, shape))}\n`);
  });
}

async function firstOf(reports: AsyncIterable<StatsReport>): Promise<StatsReport | undefined> {
  for await (const report of reports) return report;
  return undefined;
}
