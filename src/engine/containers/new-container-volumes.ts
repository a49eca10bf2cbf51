import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isKind } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { newVolumeName } from '#engine/volumes/volume-service.ts';
import type { Volume, VolumeRequest, Volumes } from '#engine/volumes/volumes.ts';

/** Below a container's folder until the container is stored: names of the volumes that were made for it alone, one a line. */
const JOURNAL = 'new-volumes';

interface Parts {
  readonly volumes: Volumes;
  readonly containerId: string;
  /** The container's own, below `containers/`. */
  readonly folder: string;
  readonly log: Log;
}

/**
 * The volumes of a container that is being made. Nobody removes them before it is stored. Those that it has made for
 * itself go again where it is not: disposing this sees to that, and after a kill the next engine.
 */
export class NewContainerVolumes implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #holds = new DisposableStack();
  #anonymous: string[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** One with a name of the user's, made where it is not there. It stays, whatever becomes of the container. */
  async named(request: VolumeRequest): Promise<Volume> {
    this.keep(request.name);
    return await this.#parts.volumes.create(request);
  }

  async anonymous(request: Omit<VolumeRequest, 'name' | 'anonymous'>): Promise<Volume> {
    const { volumes, folder } = this.#parts;
    const name = newVolumeName();
    this.keep(name);
    this.#anonymous.push(name);
    await appendFile(join(folder, JOURNAL), `${name}\n`, { mode: 0o600 });
    return await volumes.create({ ...request, name, anonymous: true });
  }

  /** Another container's volume, which may be removed with that one meanwhile. */
  keep(name: string): void {
    this.#holds.use(this.#parts.volumes.hold(name, this.#parts.containerId));
  }

  /** The container is stored: the volumes are its own now. */
  async settle(): Promise<void> {
    if (this.#anonymous.length > 0) await rm(join(this.#parts.folder, JOURNAL), { force: true });
    this.#anonymous = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { volumes, log } = this.#parts;
    this.#holds.dispose();
    for (const name of this.#anonymous) {
      await removeUnused(volumes, name).catch((thrown: unknown) => log.warn('a volume could not be removed', { volume: name, error: thrown }));
    }
  }
}

/** Removes the volumes of a container that was never stored, because the engine was killed. */
export async function abandonNewVolumes(folder: string, volumes: Volumes): Promise<void> {
  const journal = await readFile(join(folder, JOURNAL), 'utf8').catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return '';
    throw thrown;
  });
  for (const name of journal.split('\n')) if (name !== '') await removeUnused(volumes, name);
}

async function removeUnused(volumes: Volumes, name: string): Promise<void> {
  await volumes.remove(name, { force: true }).catch((thrown: unknown) => {
    if (!isKind(thrown, 'conflict')) throw thrown;
  });
}
