import { EngineError } from '#base/errors.ts';
import { json } from '#api/answer.ts';
import { type Method, route, type Route } from '#api/router.ts';

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** Docker's paths that have nothing behind them yet, with what each one is for. */
const MISSING: readonly (readonly [Method, string, string])[] = [
  ['POST', '/build', 'building images'],
  ['POST', '/build/prune', 'the build cache'],
  ['POST', '/build/cancel', 'building images'],
  ['POST', '/session', 'building images with BuildKit'],
  ['POST', '/grpc', 'building images with BuildKit'],
  ['GET', '/containers/{name}/attach/ws', 'attaching over a web socket'],
  ['GET', '/images/search', 'searching registries'],
  ['GET', '/images/{name...}/attestations', 'attestations of images'],
  ['POST', '/images/{name...}/push', 'pushing images'],
  ['GET', '/distribution/{name...}/json', 'looking at images in registries'],
  ['POST', '/networks/create', 'networks of your own'],
  ['DELETE', '/networks/{id}', 'networks of your own'],
  ['POST', '/networks/{id}/connect', 'networks of your own'],
  ['POST', '/networks/{id}/disconnect', 'networks of your own'],
  ['POST', '/networks/prune', 'networks of your own'],
  ['PUT', '/volumes/{name}', 'cluster volumes'],
  ['GET', '/plugins/privileges', 'plugins'],
  ['POST', '/plugins/pull', 'plugins'],
  ['POST', '/plugins/create', 'plugins'],
  ['POST', '/swarm/init', 'swarms'],
  ['POST', '/swarm/join', 'swarms'],
];

/** What dockerd answers 503 to where there is no swarm. */
const OF_A_MANAGER: readonly (readonly [Method, string])[] = [
  ['GET', '/swarm'],
  ['GET', '/swarm/unlockkey'],
  ['POST', '/swarm/update'],
  ['POST', '/swarm/unlock'],
  ['GET', '/nodes'],
  ['GET', '/nodes/{id}'],
  ['DELETE', '/nodes/{id}'],
  ['POST', '/nodes/{id}/update'],
  ...['services', 'secrets', 'configs'].flatMap((noun): (readonly [Method, string])[] => [
    ['GET', `/${noun}`],
    ['POST', `/${noun}/create`],
    ['GET', `/${noun}/{id}`],
    ['DELETE', `/${noun}/{id}`],
    ['POST', `/${noun}/{id}/update`],
  ]),
  ['GET', '/services/{id}/logs'],
  ['GET', '/tasks'],
  ['GET', '/tasks/{id}'],
  ['GET', '/tasks/{id}/logs'],
];

/** Every path of the API that we do not serve says so; lists that are truly empty say that. */
export function notThereYetRoutes(): Route[] {
  return [
    route('GET', '/plugins', () => json([])),
    route('GET', '/plugins/{name...}/json', ({ params }) => noSuchPlugin(params.name)),
    ...(['enable', 'disable', 'push', 'upgrade', 'set'] as const).map((verb) =>
      route('POST', `/plugins/{name...}/${verb}`, ({ params }) => noSuchPlugin((params as { name: string }).name)),
    ),
    route('DELETE', '/plugins/{name...}', ({ params }) => noSuchPlugin(params.name)),
    route('POST', '/swarm/leave', () => unavailable('This node is not part of a swarm')),
    ...OF_A_MANAGER.map(([method, path]) => route(method, path, () => unavailable(NOT_A_MANAGER))),
    ...MISSING.map(([method, path, what]) => route(method, path, () => missing(method, path, what))),
  ];
}

function noSuchPlugin(name: string): never {
  throw new EngineError('not-found', `plugin ${JSON.stringify(name)} not found`);
}

function unavailable(message: string): never {
  throw new EngineError('unavailable', message);
}

function missing(method: Method, path: string, what: string): never {
  throw new EngineError('not-implemented', `not there yet: ${what} (${method} ${path.replace('...}', '}')})`);
}
