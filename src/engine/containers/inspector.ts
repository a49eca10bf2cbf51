import { join } from 'node:path';
import type { Image } from '#engine/images/images.ts';
import type { Container, ContainerDetails, Health } from './container.ts';
import { containerFilter } from './container-filter.ts';
import type { ListQuery } from './containers.ts';
import type { ContainerRecords } from './records.ts';
import { isRunningToDocker } from './waiters.ts';

/** What the snapshotter tells of a container's root. */
export interface RootFacts {
  facts(containerId: string): { readonly driver: string; readonly facts: Readonly<Record<string, string>> };
  sizes(containerId: string): Promise<{ readonly writableBytes: number; readonly rootfsBytes: number }>;
}

interface Parts {
  readonly records: ContainerRecords;
  readonly roots: RootFacts;
  readonly findImage: (ref: string) => Image | undefined;
  readonly lineageOf: (imageId: string) => readonly string[];
  readonly healthOf: (id: string) => Health | null;
  readonly execIdsOf: (id: string) => readonly string[];
  /** `containers/` below the data root. */
  readonly folder: string;
}

/** Answers what containers are: one by name, or many by filters. */
export class ContainerInspector {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async inspect(ref: string, { size }: { readonly size: boolean }): Promise<ContainerDetails> {
    return this.#details(this.#parts.records.get(ref), size);
  }

  async list(query: ListQuery): Promise<readonly ContainerDetails[]> {
    const fits = containerFilter(query.filters, this.#parts);
    // Docker: asking for a state, an exit code or a limit asks for all containers
    const all = query.all || query.limit > 0 || (query.filters.get('status') ?? []).length > 0 || (query.filters.get('exited') ?? []).length > 0;
    const found = this.#parts.records
      .list()
      .filter((container) => (all || isRunningToDocker(container)) && fits(container))
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    const wanted = query.limit > 0 ? found.slice(0, query.limit) : found;
    return Promise.all(wanted.map((container) => this.#details(this.#named(container), query.size)));
  }

  /** A list shows the image's id once its name is gone or stands for another one. */
  #named(container: Container): Container {
    const { imageId, spec } = container;
    if (imageId === '' || this.#parts.findImage(spec.image)?.id === imageId) return container;
    return { ...container, spec: { ...spec, image: imageId } };
  }

  async #details(container: Container, size: boolean): Promise<ContainerDetails> {
    const { folder, roots, healthOf, execIdsOf } = this.#parts;
    const { id, spec, state } = container;
    const own = join(folder, id);
    const started = state.status !== 'created';
    return {
      ...container,
      health: healthOf(id),
      execIds: execIdsOf(id),
      logPath: !started || spec.host.logDriver !== 'json-file' ? '' : join(own, `${id}-json.log`),
      resolvConfPath: started ? join(own, 'resolv.conf') : '',
      hostnamePath: started ? join(own, 'hostname') : '',
      hostsPath: started ? join(own, 'hosts') : '',
      snapshot: roots.facts(id),
      sizes: size ? await roots.sizes(id) : null,
    };
  }
}
