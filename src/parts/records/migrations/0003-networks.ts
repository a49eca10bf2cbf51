import type { DatabaseSync } from 'node:sqlite';

/**
 * Networks: what their owner decided. `subnets` is a JSON list of `{subnet, gateway, ipRange}`; of the built-in ones it
 * is empty, since they are what the host has now. Where containers are in them stands in the containers' own records.
 */
export function up(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE network (
      id          TEXT PRIMARY KEY,
      name        TEXT NOT NULL,
      driver      TEXT NOT NULL,
      created_ms  INTEGER NOT NULL,
      builtin     INTEGER NOT NULL,
      enable_ipv4 INTEGER NOT NULL,
      enable_ipv6 INTEGER NOT NULL,
      internal    INTEGER NOT NULL,
      attachable  INTEGER NOT NULL,
      subnets     TEXT NOT NULL,
      options     TEXT NOT NULL,
      labels      TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX network_name ON network(name);
  `);
}
