import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdir, opendir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import { directoryBytes } from '#base/directory-bytes.ts';
import type { Log } from '#base/log.ts';
import { Directory, removeTreeAt } from '#parts/host/container-root.ts';
import type { Events } from '#engine/events/events.ts';
import { type Filters, assertKnownFilters, goBoolean } from '#engine/filters.ts';
import { matchesVolume } from './volume-filter.ts';
import { assertCreatable } from './volume-request.ts';
import type { Volume, VolumeRequest, Volumes } from './volumes.ts';

/** What has lost its name and is being removed. No volume can be called so. */
const GONE = '.gone-';
/** So many entries are removed at once; a thread that does it takes longer to start. */
const QUICK_REMOVAL = 256;
const PRUNE_FILTERS: ReadonlySet<string> = new Set(['all', 'label', 'label!']);

interface Parts {
  readonly db: DatabaseSync;
  readonly events: Events;
  /** `volumes/` below the data root. */
  readonly folder: string;
  /** Ids of the containers, running or not, that use a volume. */
  readonly usersOf: (volume: string) => readonly string[];
  /** Removes a folder of any size and depth. */
  readonly removeTree: (path: string) => Promise<void>;
  readonly log: Log;
}

/** Volumes of the `local` driver: a folder each, `volumes/<name>/_data`. */
export class VolumeService implements Volumes {
  readonly #parts: Parts;
  readonly #locks = new KeyedLock();
  readonly #byName = new Map<string, Volume>();
  /** Ids of containers that are being made with a volume, by its name. */
  readonly #holders = new Map<string, Set<string>>();

  /** Takes up what is stored, and makes good what a killed engine left half-done. */
  constructor(parts: Parts) {
    this.#parts = parts;
    mkdirSync(parts.folder, { recursive: true, mode: 0o701 });
    for (const row of parts.db.prepare('SELECT * FROM volume').all()) this.#takeUp(row);
    for (const name of readdirSync(parts.folder)) if (name.startsWith(GONE)) this.#removeLater(name);
  }

  async create(request: VolumeRequest): Promise<Volume> {
    const name = request.name === '' ? newVolumeName() : request.name;
    const anonymous = request.name === '' || request.anonymous === true;
    assertCreatable(name, request.driver, request.options);
    using _turn = await this.#locks.hold(name);
    const known = this.#byName.get(name);
    if (known) return known;
    const labels = anonymous ? { 'com.docker.volume.anonymous': '', ...request.labels } : request.labels;
    const volume: Volume = { name, labels, anonymous, driver: 'local', mountpoint: this.#mountpoint(name), createdAt: new Date(), options: request.options };
    // the folder first: one without a record is taken over by the next volume of that name
    await makeFolders(volume.mountpoint);
    this.#parts.db
      .prepare('INSERT INTO volume (name, driver, options, labels, anonymous, created_ms) VALUES (?, ?, ?, ?, ?, ?)')
      .run(name, volume.driver, JSON.stringify(volume.options), JSON.stringify(labels), anonymous ? 1 : 0, volume.createdAt.getTime());
    this.#byName.set(name, volume);
    this.#publish('create', volume);
    return volume;
  }

  hold(name: string, containerId: string): Disposable {
    const holders = this.#holders.get(name) ?? new Set();
    this.#holders.set(name, holders.add(containerId));
    return {
      [Symbol.dispose]: () => {
        holders.delete(containerId);
        if (holders.size === 0) this.#holders.delete(name);
      },
    };
  }

  list(filters: Filters): readonly Volume[] {
    const fits = matchesVolume(filters, (name) => this.#usersOf(name).length > 0);
    return [...this.#byName.values()].filter(fits).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  inspect(name: string): Volume {
    const volume = this.#byName.get(name);
    if (!volume) throw new EngineError('not-found', `get ${name}: no such volume`);
    return volume;
  }

  async remove(name: string, { force }: { readonly force: boolean }): Promise<void> {
    using _turn = await this.#locks.hold(name);
    if (force && !this.#byName.has(name)) return;
    const volume = this.inspect(name);
    const users = this.#usersOf(name);
    if (users.length > 0) throw new EngineError('conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`);
    await this.#delete(volume);
  }

  async weigh(name: string): Promise<number> {
    return await directoryBytes(this.inspect(name).mountpoint);
  }

  async prune(filters: Filters): Promise<{ deleted: string[]; reclaimedBytes: number }> {
    assertKnownFilters(filters, PRUNE_FILTERS);
    const all = (filters.get('all') ?? []).map((text) => goBoolean('all', text)).includes(true);
    const fits = matchesVolume(new Map([...filters].filter(([name]) => name !== 'all')), () => false);
    const deleted: string[] = [];
    let reclaimedBytes = 0;
    for (const volume of [...this.#byName.values()].filter((volume) => (all || volume.anonymous) && fits(volume))) {
      using _turn = await this.#locks.hold(volume.name);
      if (this.#usersOf(volume.name).length > 0 || !this.#byName.has(volume.name)) continue;
      const bytes = await directoryBytes(volume.mountpoint);
      if (this.#usersOf(volume.name).length > 0) continue; // weighing takes its time
      await this.#delete(volume);
      deleted.push(volume.name);
      reclaimedBytes += bytes;
    }
    this.#parts.events.publish({ type: 'volume', action: 'prune', actorId: '', attributes: { reclaimed: String(reclaimedBytes) } });
    return { deleted, reclaimedBytes };
  }

  /** True where nothing has been put into it: a container's content may then be copied up. */
  async isEmpty(volume: Volume): Promise<boolean> {
    await using folder = await opendir(volume.mountpoint);
    return (await folder.read()) === null;
  }

  #takeUp(row: Record<string, unknown>): void {
    const name = String(row['name']);
    const mountpoint = this.#mountpoint(name);
    this.#byName.set(name, {
      name, mountpoint,
      driver: String(row['driver']),
      createdAt: new Date(Number(row['created_ms'])),
      labels: JSON.parse(String(row['labels'])) as Record<string, string>,
      options: JSON.parse(String(row['options'])) as Record<string, string>,
      anonymous: row['anonymous'] === 1,
    });
    if (existsSync(mountpoint)) return;
    this.#parts.log.warn('the folder of a volume was gone: it is made again, and empty', { volume: name });
    mkdirSync(mountpoint, { recursive: true, mode: 0o755 });
  }

  #usersOf(name: string): readonly string[] {
    return [...new Set([...this.#parts.usersOf(name), ...(this.#holders.get(name) ?? [])])];
  }

  /** The name goes first, in one moment with all that is in it; then the record; removing the files may take long. */
  async #delete(volume: Volume): Promise<void> {
    const { folder, db } = this.#parts;
    const gone = `${GONE}${randomBytes(8).toString('hex')}`;
    await rename(join(folder, volume.name), join(folder, gone));
    try {
      db.prepare('DELETE FROM volume WHERE name = ?').run(volume.name);
    } catch (thrown) {
      await rename(join(folder, gone), join(folder, volume.name));
      throw thrown;
    }
    this.#byName.delete(volume.name);
    this.#publish('destroy', volume);
    this.#removeLater(gone);
  }

  #removeLater(gone: string): void {
    const { folder, removeTree, log } = this.#parts;
    {
      using parent = Directory.open(folder);
      if (removeTreeAt(parent.fd, gone, QUICK_REMOVAL)) return;
    }
    removeTree(join(folder, gone)).catch((thrown: unknown) => log.warn('the files of a volume could not be removed', { folder: gone, error: thrown }));
  }

  #mountpoint(name: string): string {
    return join(this.#parts.folder, name, '_data');
  }

  #publish(action: string, { name, driver }: Volume): void {
    this.#parts.events.publish({ type: 'volume', action, actorId: name, attributes: { driver } });
  }
}

/** What Docker calls a volume that nobody has named. */
export function newVolumeName(): string {
  return randomBytes(32).toString('hex');
}

async function makeFolders(mountpoint: string): Promise<void> {
  await mkdir(join(mountpoint, '..'), { recursive: true, mode: 0o701 });
  await mkdir(mountpoint, { recursive: true, mode: 0o755 });
}
