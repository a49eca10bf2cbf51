import { filtersText, type Filters } from './containers.ts';
import type { EngineConnection } from './engine-connection.ts';
import { jsonLines } from './json-lines.ts';

export interface LoginRequest {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/** The engine itself. */
export class SystemCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async version(cancel?: AbortSignal): Promise<unknown> {
    return await this.#engine.json({ method: 'GET', path: '/version' }, cancel);
  }

  async info(cancel?: AbortSignal): Promise<unknown> {
    return await this.#engine.json({ method: 'GET', path: '/info' }, cancel);
  }

  async diskUsage(cancel?: AbortSignal): Promise<unknown> {
    return await this.#engine.json({ method: 'GET', path: '/system/df' }, cancel);
  }

  async *events(query: { readonly since?: string | undefined; readonly until?: string | undefined; readonly filters: Filters }, cancel?: AbortSignal): AsyncGenerator<Readonly<Record<string, unknown>>> {
    const { body } = await this.#engine.stream({ method: 'GET', path: '/events', query: { since: query.since, until: query.until, filters: filtersText(query.filters) } }, cancel);
    yield* jsonLines<Readonly<Record<string, unknown>>>(body);
  }

  /** Checks a login with the registry. `IdentityToken` replaces the password where the registry gives one. */
  async login(request: LoginRequest, cancel?: AbortSignal): Promise<{ readonly Status?: string; readonly IdentityToken?: string }> {
    return await this.#engine.json({ method: 'POST', path: '/auth', json: request }, cancel);
  }
}
