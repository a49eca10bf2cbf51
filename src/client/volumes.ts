import type { CreateVolumeBody, PruneVolumesResponse, VolumeInfo, VolumeList } from '#protocol/volumes.ts';
import { filtersText, type Filters } from './filters-text.ts';
import { path, type EngineConnection } from './engine-connection.ts';

/** The engine's volumes. */
export class VolumeCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async create(request: CreateVolumeBody, cancel?: AbortSignal): Promise<VolumeInfo> {
    return await this.#engine.json({ method: 'POST', path: '/volumes/create', json: request }, cancel);
  }

  async list(filters: Filters, cancel?: AbortSignal): Promise<VolumeList> {
    return await this.#engine.json({ method: 'GET', path: '/volumes', query: { filters: filtersText(filters) } }, cancel);
  }

  async inspect(name: string, cancel?: AbortSignal): Promise<VolumeInfo> {
    return await this.#engine.json({ method: 'GET', path: path('/volumes/', name) }, cancel);
  }

  async remove(name: string, query: { readonly force: boolean }, cancel?: AbortSignal): Promise<void> {
    await this.#engine.done({ method: 'DELETE', path: path('/volumes/', name), query: { force: query.force || undefined } }, cancel);
  }

  async prune(filters: Filters, cancel?: AbortSignal): Promise<PruneVolumesResponse> {
    return await this.#engine.json({ method: 'POST', path: '/volumes/prune', query: { filters: filtersText(filters) } }, cancel);
  }
}
