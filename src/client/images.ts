import type { ImageDeleteEntry, ImageHistoryEntry, ImageInspect, ImageSummary, PruneImagesResponse } from '#protocol/images.ts';
import type { ProgressMessage } from '#protocol/progress.ts';
import { filtersText, type Filters } from './filters-text.ts';
import type { EngineConnection } from './engine-connection.ts';
import { jsonLines } from './json-lines.ts';

/** The engine's images. */
export class ImageCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async list(query: { readonly all?: boolean; readonly digests?: boolean; readonly filters?: Filters; readonly sharedSize?: boolean }, cancel?: AbortSignal): Promise<readonly ImageSummary[]> {
    return await this.#engine.json(
      {
        method: 'GET',
        path: '/images/json',
        query: { all: query.all || undefined, digests: query.digests || undefined, 'shared-size': query.sharedSize || undefined, filters: filtersText(query.filters ?? {}) },
      },
      cancel,
    );
  }

  async inspect(ref: string, query: { readonly platform?: string | undefined } = {}, cancel?: AbortSignal): Promise<ImageInspect> {
    return await this.#engine.json({ method: 'GET', path: imagePath(ref, '/json'), query }, cancel);
  }

  async history(ref: string, query: { readonly platform?: string | undefined } = {}, cancel?: AbortSignal): Promise<readonly ImageHistoryEntry[]> {
    return await this.#engine.json({ method: 'GET', path: imagePath(ref, '/history'), query }, cancel);
  }

  async tag(ref: string, repo: string, tag: string, cancel?: AbortSignal): Promise<void> {
    await this.#engine.done({ method: 'POST', path: imagePath(ref, '/tag'), query: { repo, tag } }, cancel);
  }

  async remove(ref: string, query: { readonly force?: boolean; readonly noprune?: boolean; readonly platforms?: readonly string[] }, cancel?: AbortSignal): Promise<readonly ImageDeleteEntry[]> {
    return await this.#engine.json(
      {
        method: 'DELETE',
        path: imagePath(ref, ''),
        query: { force: query.force || undefined, noprune: query.noprune || undefined, platforms: query.platforms?.map(platformJson) },
      },
      cancel,
    );
  }

  async prune(filters: Filters, cancel?: AbortSignal): Promise<PruneImagesResponse> {
    return await this.#engine.json({ method: 'POST', path: '/images/prune', query: { filters: filtersText(filters) } }, cancel);
  }

  /** @param request.auth the value of X-Registry-Auth; empty where nobody is logged in */
  async *pull(request: { readonly image: string; readonly tag: string; readonly platform?: string | undefined; readonly auth: string }, cancel?: AbortSignal): AsyncGenerator<ProgressMessage> {
    const headers: Record<string, string> = request.auth === '' ? {} : { 'X-Registry-Auth': request.auth };
    const query = { fromImage: request.image, tag: request.tag || undefined, platform: request.platform || undefined };
    const { body } = await this.#engine.stream({ method: 'POST', path: '/images/create', query, headers }, cancel);
    yield* jsonLines<ProgressMessage>(body);
  }

  /** @param request.source a URL, or `-` for the archive in `body` */
  async *import(request: { readonly source: string; readonly repo: string; readonly tag: string; readonly message: string; readonly changes: readonly string[]; readonly platform: string }, body: AsyncIterable<Uint8Array> | undefined, cancel?: AbortSignal): AsyncGenerator<ProgressMessage> {
    const query = {
      fromSrc: request.source,
      repo: request.repo || undefined,
      tag: request.tag || undefined,
      message: request.message || undefined,
      changes: request.changes,
      platform: request.platform || undefined,
    };
    const reply = await this.#engine.stream({ method: 'POST', path: '/images/create', query, body, headers: { 'Content-Type': 'text/plain' } }, cancel);
    yield* jsonLines<ProgressMessage>(reply.body);
  }

  async *load(archive: AsyncIterable<Uint8Array>, query: { readonly quiet: boolean; readonly platform?: string | undefined }, cancel?: AbortSignal): AsyncGenerator<ProgressMessage> {
    const platform = query.platform === undefined ? undefined : [platformJson(query.platform)];
    const reply = await this.#engine.stream(
      { method: 'POST', path: '/images/load', query: { quiet: query.quiet, platform }, body: archive, headers: { 'Content-Type': 'application/x-tar' } },
      cancel,
    );
    yield* jsonLines<ProgressMessage>(reply.body);
  }

  async save(refs: readonly string[], query: { readonly platform?: string | undefined }, cancel?: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const platform = query.platform === undefined ? undefined : [platformJson(query.platform)];
    const { body } = await this.#engine.stream({ method: 'GET', path: '/images/get', query: { names: refs, platform } }, cancel);
    return body;
  }

  /** Makes a base image from a distribution's package archive; Onggi's own call. */
  async *bootstrap(request: { readonly image: string; readonly include: readonly string[]; readonly tag: string }, cancel?: AbortSignal): AsyncGenerator<ProgressMessage> {
    const { body } = await this.#engine.stream(
      { method: 'POST', path: '/onggi/bootstrap', query: { image: request.image, include: request.include, tag: request.tag || undefined } },
      cancel,
    );
    yield* jsonLines<ProgressMessage>(body);
  }
}

/** `linux/arm64/v8` as the API takes a platform: a JSON object. */
export function platformJson(platform: string): string {
  const [os = '', architecture = '', variant] = platform.split('/');
  return JSON.stringify({ ...(architecture === '' ? {} : { architecture }), os, ...(variant === undefined ? {} : { variant }) });
}

// A reference has slashes that the engine's routes expect unescaped.
function imagePath(ref: string, tail: string): string {
  return `/images/${ref.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':').replaceAll('%40', '@')}${tail}`;
}
