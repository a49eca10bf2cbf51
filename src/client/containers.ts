import type { ContainerChange, ContainerInspect, ContainerSummary, CreateContainerBody, CreateContainerResponse, PruneContainersResponse, TopResponse, UpdateContainerResponse, WaitResponse } from '#protocol/containers.ts';
import type { HostConfig } from '#protocol/host-config.ts';
import type { StatsResponse } from '#protocol/stats.ts';
import { decodePathStat, type PathStat } from '#protocol/path-stat.ts';
import { jsonLines } from './json-lines.ts';
import { filtersText, type Filters } from './filters-text.ts';
import { path, type EngineConnection, type HijackedStream, type QueryValue, type Reply } from './engine-connection.ts';

const PATH_STAT = 'x-docker-container-path-stat';

export interface AttachQuery {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly logs?: boolean;
  readonly detachKeys?: string | undefined;
}

export interface LogQuery {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly details: boolean;
  readonly tail: string;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** The engine's containers. `ref` is a name, an id or a unique beginning of an id. */
export class ContainerCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async create(body: CreateContainerBody, query: { readonly name?: string | undefined; readonly platform?: string | undefined }, cancel?: AbortSignal): Promise<CreateContainerResponse> {
    return await this.#engine.json({ method: 'POST', path: '/containers/create', query, json: body }, cancel);
  }

  async list(query: { readonly all?: boolean; readonly size?: boolean; readonly limit?: number | undefined; readonly filters?: Filters }, cancel?: AbortSignal): Promise<readonly ContainerSummary[]> {
    const flags: Record<string, QueryValue> = { filters: filtersText(query.filters ?? {}), limit: query.limit };
    if (query.all === true) flags['all'] = true;
    if (query.size === true) flags['size'] = true;
    return await this.#engine.json({ method: 'GET', path: '/containers/json', query: flags }, cancel);
  }

  async inspect(ref: string, options: { readonly size?: boolean } = {}, cancel?: AbortSignal): Promise<ContainerInspect> {
    return await this.#engine.json({ method: 'GET', path: path('/containers/', ref, '/json'), query: options.size === true ? { size: true } : {} }, cancel);
  }

  async start(ref: string, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/start', {}, cancel);
  }

  /** @param query.t grace in seconds before the kill; -1 waits for ever */
  async stop(ref: string, query: { readonly t?: number | undefined; readonly signal?: string | undefined }, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/stop', query, cancel);
  }

  async restart(ref: string, query: { readonly t?: number | undefined; readonly signal?: string | undefined }, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/restart', query, cancel);
  }

  async kill(ref: string, signal: string | undefined, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/kill', { signal }, cancel);
  }

  async pause(ref: string, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/pause', {}, cancel);
  }

  async unpause(ref: string, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/unpause', {}, cancel);
  }

  async rename(ref: string, name: string, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/rename', { name }, cancel);
  }

  /** What is zero, empty or left out stays as it is. */
  async update(ref: string, limits: Partial<HostConfig>, cancel?: AbortSignal): Promise<UpdateContainerResponse> {
    return await this.#engine.json({ method: 'POST', path: path('/containers/', ref, '/update'), json: limits }, cancel);
  }

  async resize(ref: string, size: { readonly h: number; readonly w: number }, cancel?: AbortSignal): Promise<void> {
    await this.#post(ref, '/resize', size, cancel);
  }

  async remove(ref: string, query: { readonly v?: boolean; readonly force?: boolean; readonly link?: boolean }, cancel?: AbortSignal): Promise<void> {
    const set = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
    await this.#engine.done({ method: 'DELETE', path: path('/containers/', ref), query: set }, cancel);
  }

  async prune(filters: Filters, cancel?: AbortSignal): Promise<PruneContainersResponse> {
    return await this.#engine.json({ method: 'POST', path: '/containers/prune', query: { filters: filtersText(filters) } }, cancel);
  }

  async top(ref: string, psArgs: string | undefined, cancel?: AbortSignal): Promise<TopResponse> {
    return await this.#engine.json({ method: 'GET', path: path('/containers/', ref, '/top'), query: { ps_args: psArgs } }, cancel);
  }

  /** What it uses, now and a second before; zeros for one that does not run. */
  async stats(ref: string, cancel?: AbortSignal): Promise<StatsResponse> {
    return await this.#engine.json({ method: 'GET', path: path('/containers/', ref, '/stats'), query: { stream: false } }, cancel);
  }

  /** The same each second, until the container is removed. */
  async *watchStats(ref: string, cancel?: AbortSignal): AsyncGenerator<StatsResponse> {
    const { body } = await this.#engine.stream({ method: 'GET', path: path('/containers/', ref, '/stats'), query: { stream: true } }, cancel);
    yield* jsonLines<StatsResponse>(body);
  }

  async changes(ref: string, cancel?: AbortSignal): Promise<readonly ContainerChange[] | null> {
    return await this.#engine.json({ method: 'GET', path: path('/containers/', ref, '/changes') }, cancel);
  }

  /** All files of a container as a tar archive. */
  async export(ref: string, cancel?: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const { body } = await this.#engine.stream({ method: 'GET', path: path('/containers/', ref, '/export') }, cancel);
    return body;
  }

  /** Makes an image of a container. */
  async commit(ref: string, query: { readonly repo?: string | undefined; readonly tag?: string | undefined; readonly comment?: string | undefined; readonly author?: string | undefined; readonly changes: readonly string[]; readonly pause: boolean }, cancel?: AbortSignal): Promise<{ readonly Id: string }> {
    return await this.#engine.json({ method: 'POST', path: '/commit', query: { container: ref, ...query } }, cancel);
  }

  /** What a path in a container is; a link is told of itself. */
  async statPath(ref: string, file: string, cancel?: AbortSignal): Promise<PathStat> {
    const reply = await this.#engine.stream({ method: 'HEAD', path: path('/containers/', ref, '/archive'), query: { path: file } }, cancel);
    for await (const _nothing of reply.body) break;
    return decodePathStat(reply.headers.get(PATH_STAT) ?? '');
  }

  /** What is at a path in a container, as a tar archive. */
  async readArchive(ref: string, file: string, cancel?: AbortSignal): Promise<{ readonly stat: PathStat; readonly archive: AsyncIterable<Buffer> }> {
    const { headers, body } = await this.#engine.stream({ method: 'GET', path: path('/containers/', ref, '/archive'), query: { path: file } }, cancel);
    return { stat: decodePathStat(headers.get(PATH_STAT) ?? ''), archive: body };
  }

  /** Unpacks a tar archive into a folder of a container, which is not replaced by anything else. */
  async writeArchive(ref: string, target: { readonly path: string; readonly asUser: boolean }, archive: AsyncIterable<Uint8Array>, cancel?: AbortSignal): Promise<void> {
    const query = { path: target.path, noOverwriteDirNonDir: true, copyUIDGID: target.asUser || undefined };
    await this.#engine.done({ method: 'PUT', path: path('/containers/', ref, '/archive'), query, body: archive, headers: { 'Content-Type': 'application/x-tar' } }, cancel);
  }

  /**
   * Begins to wait, and resolves once the engine has confirmed that it does (its status line), so that what happens
   * after this call cannot be missed. `ended` is the end itself.
   */
  async wait(ref: string, condition: 'not-running' | 'next-exit' | 'removed', cancel?: AbortSignal): Promise<{ readonly ended: Promise<WaitResponse> }> {
    const reply = await this.#engine.stream({ method: 'POST', path: path('/containers/', ref, '/wait'), query: { condition } }, cancel);
    const ended = firstOf(reply);
    ended.catch(() => {});
    return { ended };
  }

  async attach(ref: string, query: AttachQuery, cancel?: AbortSignal): Promise<HijackedStream> {
    return await this.#engine.hijack(
      {
        method: 'POST',
        path: path('/containers/', ref, '/attach'),
        query: {
          stream: true,
          stdin: query.stdin || undefined,
          stdout: query.stdout || undefined,
          stderr: query.stderr || undefined,
          logs: query.logs || undefined,
          detachKeys: query.detachKeys || undefined,
        },
      },
      cancel,
    );
  }

  /** The log as it was framed by the engine: multiplexed unless the container has a tty. */
  async logs(ref: string, query: LogQuery, cancel?: AbortSignal): Promise<Reply> {
    return await this.#engine.stream(
      {
        method: 'GET',
        path: path('/containers/', ref, '/logs'),
        query: {
          stdout: true,
          stderr: true,
          follow: query.follow || undefined,
          timestamps: query.timestamps || undefined,
          details: query.details || undefined,
          tail: query.tail,
          since: query.since,
          until: query.until,
        },
      },
      cancel,
    );
  }

  async #post(ref: string, verb: string, query: Readonly<Record<string, QueryValue>>, cancel: AbortSignal | undefined): Promise<void> {
    await this.#engine.done({ method: 'POST', path: path('/containers/', ref, verb), query }, cancel);
  }
}

async function firstOf(reply: Reply): Promise<WaitResponse> {
  for await (const result of jsonLines<WaitResponse>(reply.body)) return result;
  return { StatusCode: 125, Error: { Message: 'the engine ended the wait without a result' } };
}
