import { empty, json, type Answer } from '#api/answer.ts';
import { COMMON_HEADERS } from '#api/common-headers.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { execInspect, execSpec, execStart } from '#api/shapes/execs.ts';
import type { Execs } from '#engine/containers/execs.ts';
import { streamType } from './container-streams.ts';
import { terminalSize } from './terminal-size.ts';

export function execRoutes(execs: Execs): Route[] {
  return [
    route('POST', '/containers/{name}/exec', async (request) => {
      const { id } = await execs.create(request.params.name, execSpec(await request.json()));
      return json({ Id: id }, 201);
    }),

    route('GET', '/exec/{id}/json', async ({ params }) => json(execInspect(await execs.inspect(params.id)))),

    route('POST', '/exec/{id}/start', (request) => start(execs, request), { hijacks: true }),

    route('POST', '/exec/{id}/resize', async ({ params, query }) => {
      await execs.resize(params.id, terminalSize(query));
      return empty(200);
    }),
  ];
}

async function start(execs: Execs, request: ApiRequest<{ readonly id: string }>): Promise<Answer> {
  const { params, cancel, closing } = request;
  const { detach, size } = execStart(await request.json());
  const { spec } = await execs.inspect(params.id);
  if (detach) {
    await execs.startDetached(params.id, closing);
    return empty(200);
  }
  const session = await execs.startAttached(params.id, { stdin: spec.attachStdin, size: size ?? spec.size }, cancel);
  return {
    type: 'hijack',
    session,
    stdin: spec.attachStdin,
    contentType: streamType(request, session.tty),
    headers: COMMON_HEADERS,
  };
}
