import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EngineError } from '#base/errors.ts';
import { transaction, unsyncedTransaction } from '#parts/records/database.ts';
import type { Container, RuntimeFacts } from './container.ts';
import { ambiguousId, nameInUse, noSuchContainer } from './errors.ts';
import type { ContainerSpec } from './spec.ts';
import { type ContainerEvent, type ContainerState, next } from './state.ts';

/** Called after a change is stored. `container` is undefined once it is removed. */
export type Watcher = (id: string, container: Container | undefined) => void;

/**
 * All containers: in SQLite, with a copy in memory for reading. Every method is one synchronous moment, so that a name
 * is taken by one caller only and a state never stands half written.
 */
export class ContainerRecords {
  readonly #db: DatabaseSync;
  readonly #byId = new Map<string, Container>();
  readonly #idOfName = new Map<string, string>();
  readonly #watchers = new Set<Watcher>();
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare(
      'INSERT INTO container (id, name, image_id, created_ms, spec, state, runtime) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare('UPDATE container SET name = ?, spec = ?, state = ?, runtime = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM container WHERE id = ?');
    for (const row of db.prepare('SELECT * FROM container').all()) this.#remember(fromRow(row as unknown as Row));
  }

  /** @throws {EngineError} `conflict` when the name is taken */
  insert(container: Container): void {
    this.assertFree(container.name);
    const { id, name, imageId, createdAt, spec, state, runtime } = container;
    this.#insert.run(id, name, imageId, createdAt.getTime(), JSON.stringify(spec), JSON.stringify(state), JSON.stringify(runtime));
    this.#remember(container);
    this.#tell(id, container);
  }

  /** @throws {EngineError} `not-found`, or `invalid` when a prefix fits several */
  get(ref: string): Container {
    const container = this.find(ref);
    if (!container) throw noSuchContainer(ref);
    return container;
  }

  /** By whole id, then by name, then by a prefix of the id, as Docker looks. */
  find(ref: string): Container | undefined {
    const name = ref.startsWith('/') ? ref.slice(1) : ref;
    const known = this.#byId.get(ref) ?? this.#byId.get(this.#idOfName.get(name) ?? '');
    if (known || !/^[0-9a-f]{1,64}$/.test(ref)) return known;
    const fitting = [...this.#byId.values()].filter(({ id }) => id.startsWith(ref));
    if (fitting.length > 1) throw ambiguousId(ref);
    return fitting[0];
  }

  list(): readonly Container[] {
    return [...this.#byId.values()];
  }

  isNameFree(name: string): boolean {
    return !this.#idOfName.has(name);
  }

  /** Moves the container along its life; the new state is on disk when this returns. */
  apply(id: string, event: ContainerEvent, facts?: Partial<RuntimeFacts>): Container {
    const container = this.get(id);
    const store = (): Container => this.#store({ ...container, state: next(container.state, event), runtime: { ...container.runtime, ...facts } });
    // one of --rm that has ended is removed by the next engine in any case
    return event.type === 'removing' && container.spec.host.autoRemove ? unsyncedTransaction(this.#db, store) : store();
  }

  updateFacts(id: string, facts: Partial<RuntimeFacts>): Container {
    const container = this.get(id);
    return this.#store({ ...container, runtime: { ...container.runtime, ...facts } });
  }

  updateSpec(id: string, spec: ContainerSpec): Container {
    return this.#store({ ...this.get(id), spec });
  }

  rename(id: string, name: string): Container {
    this.assertFree(name);
    const container = this.get(id);
    const renamed = this.#store({ ...container, name });
    this.#idOfName.delete(container.name);
    return renamed;
  }

  remove(id: string): void {
    const { name } = this.get(id);
    // its folder is gone: a record that a power cut brings back is removed by the next engine
    unsyncedTransaction(this.#db, () => this.#delete.run(id));
    this.#byId.delete(id);
    this.#idOfName.delete(name);
    this.#tell(id, undefined);
  }

  /** Several changes as one: all are stored or none. */
  together<T>(work: () => T): T {
    return transaction(this.#db, work);
  }

  watch(watcher: Watcher): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  /** @throws {EngineError} `conflict` when the name is taken */
  assertFree(name: string): void {
    const holder = this.#idOfName.get(name);
    if (holder !== undefined) throw nameInUse(name, holder);
  }

  #store(container: Container): Container {
    const { id, name, spec, state, runtime } = container;
    this.#update.run(name, JSON.stringify(spec), JSON.stringify(state), JSON.stringify(runtime), id);
    this.#remember(container);
    this.#tell(id, container);
    return container;
  }

  #remember(container: Container): void {
    this.#byId.set(container.id, container);
    this.#idOfName.set(container.name, container.id);
  }

  #tell(id: string, container: Container | undefined): void {
    // a watcher may leave while it is told: a Set bears that
    for (const watcher of this.#watchers) watcher(id, container);
  }
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly image_id: string;
  readonly created_ms: number;
  readonly spec: string;
  readonly state: string;
  readonly runtime: string;
}

const TIMES: ReadonlySet<string> = new Set(['startedAt', 'finishedAt']);

function fromRow(row: Row): Container {
  const parse = <T>(text: string, reviver?: (key: string, value: unknown) => unknown): T => {
    try {
      return JSON.parse(text, reviver) as T;
    } catch (cause) {
      throw new EngineError('internal', `the record of container ${row.id} cannot be read`, { cause });
    }
  };
  return {
    id: row.id,
    name: row.name,
    imageId: row.image_id,
    createdAt: new Date(row.created_ms),
    spec: parse(row.spec),
    state: parse<ContainerState>(row.state, (key, value) => (TIMES.has(key) && typeof value === 'string' ? new Date(value) : value)),
    runtime: parse(row.runtime),
  };
}
