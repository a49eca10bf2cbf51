import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { newId } from '#base/ids.ts';
import { transaction } from './database.ts';

export interface NetworkRecord {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly createdAt: Date;
  /** One of the three that are always there. */
  readonly builtIn: boolean;
  readonly enableIpv4: boolean;
  readonly enableIpv6: boolean;
  readonly internal: boolean;
  readonly attachable: boolean;
  /** As their owner chose them; empty for a built-in one. */
  readonly subnets: readonly SubnetRecord[];
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SubnetRecord {
  readonly subnet: string;
  readonly gateway: string;
  readonly ipRange: string;
}

/** By name; the driver of `none` is called `null`. */
const BUILT_IN: Readonly<Record<string, string>> = { bridge: 'bridge', host: 'host', none: 'null' };

/** Stored networks. The built-in ones get their ids at the first start and keep them. */
export class NetworkRecords {
  readonly #db: DatabaseSync;
  readonly #select: StatementSync;
  readonly #builtIn: ReadonlyMap<string, string>;

  constructor(db: DatabaseSync) {
    this.#db = db;
    transaction(db, () => this.#insertBuiltIn());
    this.#select = db.prepare('SELECT * FROM network ORDER BY name');
    this.#builtIn = new Map(this.list().filter(({ builtIn }) => builtIn).map(({ name, id }) => [name, id]));
  }

  /** In the order of their names. */
  list(): readonly NetworkRecord[] {
    return this.#select.all().map(recordOf);
  }

  builtInId(name: 'bridge' | 'host' | 'none'): string {
    return this.#builtIn.get(name) ?? '';
  }

  #insertBuiltIn(): void {
    const insert = this.#db.prepare(`
      INSERT INTO network (id, name, driver, created_ms, builtin, enable_ipv4, enable_ipv6, internal, attachable, subnets, options, labels)
      VALUES (?, ?, ?, ?, 1, 1, 0, 0, 0, '[]', '{}', '{}') ON CONFLICT (name) DO NOTHING`);
    for (const [name, driver] of Object.entries(BUILT_IN)) insert.run(newId(), name, driver, Date.now());
  }
}

function recordOf(row: Readonly<Record<string, unknown>>): NetworkRecord {
  return {
    id: String(row['id']),
    name: String(row['name']),
    driver: String(row['driver']),
    createdAt: new Date(Number(row['created_ms'])),
    builtIn: row['builtin'] === 1,
    enableIpv4: row['enable_ipv4'] === 1,
    enableIpv6: row['enable_ipv6'] === 1,
    internal: row['internal'] === 1,
    attachable: row['attachable'] === 1,
    subnets: JSON.parse(String(row['subnets'])) as SubnetRecord[],
    options: JSON.parse(String(row['options'])) as Record<string, string>,
    labels: JSON.parse(String(row['labels'])) as Record<string, string>,
  };
}
