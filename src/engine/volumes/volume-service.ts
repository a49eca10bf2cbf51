import { randomBytes } from 'node:crypto';
import { mkdir, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import { directoryBytes } from '#base/directory-bytes.ts';
import type { Events } from '#engine/events/events.ts';
import type { Filters } from '#engine/filters.ts';
import { matchesVolume } from './volume-filter.ts';
import type { Volume, Volumes } from './volumes.ts';

/** Docker's rule for names (moby volume/local). */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

interface Parts {
  readonly db: DatabaseSync;
  readonly events: Events;
  /** `volumes/` below the data root. */
  readonly folder: string;
  /** Ids of the containers, running or not, that use a volume. */
  readonly usersOf: (volume: string) => readonly string[];
}

/** Volumes of the `local` driver: a folder each, `volumes/<name>/_data`. */
export class VolumeService implements Volumes {
  readonly #parts: Parts;
  readonly #locks = new KeyedLock();
  readonly #byName = new Map<string, Volume>();

  constructor(parts: Parts) {
    this.#parts = parts;
    for (const row of parts.db.prepare('SELECT * FROM volume').all()) {
      const name = String(row['name']);
      this.#byName.set(name, {
        name,
        driver: String(row['driver']),
        mountpoint: this.#mountpoint(name),
        createdAt: new Date(Number(row['created_ms'])),
        labels: JSON.parse(String(row['labels'])) as Record<string, string>,
        options: JSON.parse(String(row['options'])) as Record<string, string>,
        anonymous: row['anonymous'] === 1,
      });
    }
  }

  async create(request: Parameters<Volumes['create']>[0]): Promise<Volume> {
    const anonymous = request.name === '';
    const name = anonymous ? randomBytes(32).toString('hex') : request.name;
    assertCreatable(name, request.driver, request.options);
    using _turn = await this.#locks.hold(name);
    const known = this.#byName.get(name);
    if (known) return known;
    const labels = anonymous ? { 'com.docker.volume.anonymous': '', ...request.labels } : request.labels;
    const volume: Volume = {
      name, labels, anonymous,
      driver: 'local',
      mountpoint: this.#mountpoint(name),
      createdAt: new Date(),
      options: request.options,
    };
    await mkdir(join(this.#parts.folder, name), { recursive: true, mode: 0o701 });
    await mkdir(volume.mountpoint, { recursive: true, mode: 0o755 });
    this.#parts.db
      .prepare('INSERT INTO volume (name, driver, options, labels, anonymous, created_ms) VALUES (?, ?, ?, ?, ?, ?)')
      .run(name, volume.driver, JSON.stringify(volume.options), JSON.stringify(labels), anonymous ? 1 : 0, volume.createdAt.getTime());
    this.#byName.set(name, volume);
    this.#publish('create', volume);
    return volume;
  }

  list(filters: Filters): readonly Volume[] {
    const fits = matchesVolume(filters, (name) => this.#parts.usersOf(name).length > 0);
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
    const users = this.#parts.usersOf(name);
    if (users.length > 0) throw new EngineError('conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`);
    await this.#delete(volume);
  }

  async weigh(name: string): Promise<number> {
    return await directoryBytes(this.inspect(name).mountpoint);
  }

  async prune(filters: Filters): Promise<{ deleted: string[]; reclaimedBytes: number }> {
    const all = (filters.get('all') ?? []).map(goBoolean).includes(true);
    const fits = matchesVolume(new Map([...filters].filter(([name]) => name !== 'all')), () => false);
    const deleted: string[] = [];
    let reclaimedBytes = 0;
    for (const volume of [...this.#byName.values()].filter((volume) => (all || volume.anonymous) && fits(volume))) {
      using _turn = await this.#locks.hold(volume.name);
      if (this.#parts.usersOf(volume.name).length > 0 || !this.#byName.has(volume.name)) continue;
      const bytes = await directoryBytes(volume.mountpoint);
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

  async #delete(volume: Volume): Promise<void> {
    // the record goes last: after a crash the volume is still listed and can be removed again
    await rm(join(this.#parts.folder, volume.name), { recursive: true, force: true });
    this.#parts.db.prepare('DELETE FROM volume WHERE name = ?').run(volume.name);
    this.#byName.delete(volume.name);
    this.#publish('destroy', volume);
  }

  #mountpoint(name: string): string {
    return join(this.#parts.folder, name, '_data');
  }

  #publish(action: string, { name, driver }: Volume): void {
    this.#parts.events.publish({ type: 'volume', action, actorId: name, attributes: { driver } });
  }
}

function assertCreatable(name: string, driver: string, options: Readonly<Record<string, string>>): void {
  if (driver !== '' && driver !== 'local') {
    throw new EngineError('not-found', `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  }
  if (name.length > 255) {
    throw new EngineError('invalid', `create ${name}: volume name is too long, it must be at most 255 characters`);
  }
  if (!NAME.test(name)) {
    const allowed = '[a-zA-Z0-9][a-zA-Z0-9_.-]';
    throw new EngineError(
      'invalid',
      name.length === 1
        ? `create ${name}: volume name is too short, names should be at least two alphanumeric characters`
        : `create ${name}: "${name}" includes invalid characters for a local volume name, only "${allowed}" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  const named = Object.keys(options)[0];
  if (named !== undefined) {
    throw new EngineError('not-implemented', `create ${name}: volume option "${named}" is not there yet: leave it out, or use a bind mount`);
  }
}


const GO_TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const GO_FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Go's ParseBool, with its words for what is neither. */
function goBoolean(text: string): boolean {
  if (GO_TRUE.has(text)) return true;
  if (GO_FALSE.has(text)) return false;
  throw new EngineError('invalid', `invalid filter 'all': strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}
