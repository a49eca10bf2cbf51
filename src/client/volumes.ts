import { filtersText, type Filters, type PruneReport } from './containers.ts';
import { path, type EngineConnection } from './engine-connection.ts';

export interface VolumeRequest {
  readonly Name: string;
  readonly Driver: string;
  readonly DriverOpts: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** The engine's volumes. */
export class VolumeCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async create(request: VolumeRequest, cancel?: AbortSignal): Promise<{ readonly Name: string }> {
    return await this.#engine.json({ method: 'POST', path: '/volumes/create', json: request }, cancel);
  }

  async list(filters: Filters, cancel?: AbortSignal): Promise<{ readonly Volumes: readonly unknown[] | null; readonly Warnings: readonly string[] | null }> {
    return await this.#engine.json({ method: 'GET', path: '/volumes', query: { filters: filtersText(filters) } }, cancel);
  }

  async inspect(name: string, cancel?: AbortSignal): Promise<unknown> {
    return await this.#engine.json({ method: 'GET', path: path('/volumes/', name) }, cancel);
  }

  async remove(name: string, query: { readonly force: boolean }, cancel?: AbortSignal): Promise<void> {
    await this.#engine.done({ method: 'DELETE', path: path('/volumes/', name), query: { force: query.force || undefined } }, cancel);
  }

  async prune(filters: Filters, cancel?: AbortSignal): Promise<PruneReport> {
    return await this.#engine.json({ method: 'POST', path: '/volumes/prune', query: { filters: filtersText(filters) } }, cancel);
  }
}
