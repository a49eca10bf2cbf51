import { parseEvent, type EventMessage } from '#protocol/events.ts';
import { splitJsonLines } from '#protocol/json-lines.ts';
import type { AuthConfig } from '#protocol/registry-auth.ts';
import type { AuthResponse, DiskUsageInfo, SystemInfo, VersionInfo } from '#protocol/system.ts';
import { filtersText, type Filters } from './filters-text.ts';
import type { EngineConnection } from './engine-connection.ts';

/** The engine itself. */
export class SystemCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async version(cancel?: AbortSignal): Promise<VersionInfo> {
    return await this.#engine.json({ method: 'GET', path: '/version' }, cancel);
  }

  async info(cancel?: AbortSignal): Promise<SystemInfo> {
    return await this.#engine.json({ method: 'GET', path: '/info' }, cancel);
  }

  async diskUsage(cancel?: AbortSignal): Promise<DiskUsageInfo> {
    return await this.#engine.json({ method: 'GET', path: '/system/df' }, cancel);
  }

  async *events(query: { readonly since?: string | undefined; readonly until?: string | undefined; readonly filters: Filters }, cancel?: AbortSignal): AsyncGenerator<EventMessage> {
    const { body } = await this.#engine.stream({ method: 'GET', path: '/events', query: { since: query.since, until: query.until, filters: filtersText(query.filters) } }, cancel);
    for await (const line of splitJsonLines(body)) yield parseEvent(line);
  }

  /** Checks a login with the registry. `IdentityToken` replaces the password where the registry gives one. */
  async login(request: AuthConfig, cancel?: AbortSignal): Promise<Partial<AuthResponse>> {
    return await this.#engine.json({ method: 'POST', path: '/auth', json: request }, cancel);
  }
}
