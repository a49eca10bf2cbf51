import type { NetworkInfo } from '#protocol/networks.ts';
import { filtersText, type Filters } from './filters-text.ts';
import { path, type EngineConnection } from './engine-connection.ts';

/** The engine's networks. */
export class NetworkCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async list(filters: Filters, cancel?: AbortSignal): Promise<readonly NetworkInfo[]> {
    return await this.#engine.json({ method: 'GET', path: '/networks', query: { filters: filtersText(filters) } }, cancel);
  }

  async inspect(ref: string, query: { readonly verbose?: boolean } = {}, cancel?: AbortSignal): Promise<NetworkInfo> {
    return await this.#engine.json({ method: 'GET', path: path('/networks/', ref), query: { verbose: query.verbose || undefined } }, cancel);
  }

  async prune(filters: Filters, cancel?: AbortSignal): Promise<{ readonly NetworksDeleted: readonly string[] | null }> {
    return await this.#engine.json({ method: 'POST', path: '/networks/prune', query: { filters: filtersText(filters) } }, cancel);
  }
}
