import type { Answer } from './answer.ts';
import type { ApiRequest } from './request.ts';

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Plain}...` ? Plain : Name) | ParamNames<Rest>
  : never;

export type ParamsOf<Path extends string> = { readonly [Name in ParamNames<Path>]: string };

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** How a route differs from most. */
export interface RouteTraits {
  /** The connection may be handed over: an `Upgrade` in the request is for us. */
  readonly hijacks?: boolean;
  /** Failures are plain text under the stream's content type, as dockerd's attach answers them. */
  readonly plainFailures?: boolean;
}

export interface Route extends RouteTraits {
  readonly method: Method;
  readonly path: string;
  readonly handle: (request: ApiRequest) => Answer | Promise<Answer>;
}

/**
 * One route. `{name}` stands for one segment of the path and `{name...}` for one or more; `params` is typed from them.
 */
export function route<Path extends string>(
  method: Method,
  path: Path,
  handle: (request: ApiRequest<ParamsOf<Path>>) => Answer | Promise<Answer>,
  traits: RouteTraits = {},
): Route {
  return { method, path, handle: handle as Route['handle'], ...traits };
}

export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
  /** Index of the segment that takes several; -1 where none does. */
  readonly wide: number;
}

/** Finds the route of a path. The first that was given wins, as in dockerd's own table. */
export class Router {
  readonly #table = new Map<string, Compiled[]>();

  constructor(routes: readonly Route[]) {
    for (const one of routes) {
      const segments = one.path.slice(1).split('/');
      const key = `${one.method} ${segments[0]}`;
      const compiled = { route: one, segments, wide: segments.findIndex((segment) => segment.endsWith('...}')) };
      const known = this.#table.get(key);
      if (known) known.push(compiled);
      else this.#table.set(key, [compiled]);
    }
  }

  /** `path` without its version and query, still escaped. */
  find(method: string, path: string): Found | undefined {
    const parts = path.slice(1).split('/');
    for (const candidate of this.#table.get(`${method} ${parts[0]}`) ?? []) {
      const params = match(candidate, parts);
      if (params) return { route: candidate.route, params };
    }
    return undefined;
  }
}

function match({ segments, wide }: Compiled, parts: readonly string[]): Record<string, string> | undefined {
  const extra = parts.length - segments.length;
  if (wide < 0 ? extra !== 0 : extra < 0) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const first = wide >= 0 && index > wide ? index + extra : index;
    const found = index === wide ? parts.slice(first, first + extra + 1).join('/') : (parts[first] ?? '');
    if (!segment.startsWith('{')) {
      if (segment !== found) return undefined;
      continue;
    }
    const value = decoded(found);
    if (value === undefined || value === '') return undefined;
    params[segment.slice(1, segment.endsWith('...}') ? -4 : -1)] = value;
  }
  return params;
}

function decoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
