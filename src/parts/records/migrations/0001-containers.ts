import type { DatabaseSync } from 'node:sqlite';

/** Containers (specification and state as JSON, what is looked up as columns), volumes, events, and facts of the engine. */
export function up(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE container (
      id         TEXT PRIMARY KEY,
      name       TEXT NOT NULL UNIQUE,
      image_id   TEXT NOT NULL,
      created_ms INTEGER NOT NULL,
      spec       TEXT NOT NULL,
      state      TEXT NOT NULL,
      runtime    TEXT NOT NULL
    ) STRICT;
    CREATE INDEX container_image ON container(image_id);
    CREATE TABLE volume (
      name       TEXT PRIMARY KEY,
      driver     TEXT NOT NULL,
      options    TEXT NOT NULL,
      labels     TEXT NOT NULL,
      anonymous  INTEGER NOT NULL,
      created_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE event (
      sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
      time_ns    INTEGER NOT NULL,
      type       TEXT NOT NULL,
      action     TEXT NOT NULL,
      actor_id   TEXT NOT NULL,
      attributes TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_time ON event(time_ns);
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `);
}
