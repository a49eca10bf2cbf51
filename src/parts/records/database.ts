import { closeSync, fchmodSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { EngineError } from '#base/errors.ts';
import { migrations } from './migrations/list.ts';

/**
 * Opens the engine's database and brings it up to this version's schema, one transaction per step.
 * WAL with full synchronisation: what a call has committed survives a power cut.
 *
 * @throws {EngineError} `internal` when the file was written by a newer version
 */
export function openDatabase(path: string): DatabaseSync {
  keepPrivate(path);
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000');
    migrate(db, path);
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** It holds what containers have in their environment. SQLite gives the files beside it the same mode. */
function keepPrivate(path: string): void {
  const fd = openSync(path, 'a', 0o600);
  fchmodSync(fd, 0o600);
  closeSync(fd);
}

function migrate(db: DatabaseSync, path: string): void {
  const row = db.prepare('PRAGMA user_version').get();
  const found = Number(row?.['user_version'] ?? 0);
  if (found > migrations.length) {
    throw new EngineError(
      'internal',
      `${path} has schema ${found}, this version knows ${migrations.length}: start the newer onggid that wrote it`,
    );
  }
  migrations.slice(found).forEach((up, index) => {
    transaction(db, () => {
      up(db);
      db.exec(`PRAGMA user_version = ${found + index + 1}`);
    });
  });
}

/** Runs `work` in one transaction: all of it is stored, or none when it throws. Nested calls join the outer one. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (thrown) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw thrown;
  }
}

/**
 * Like `transaction`, without the wait for the disk: a kill of the engine loses nothing of it, a power cut may, until
 * something later is stored with `transaction`, which brings all that was stored before it to the disk.
 */
export function unsyncedTransaction<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  db.exec('PRAGMA synchronous = NORMAL');
  try {
    return transaction(db, work);
  } finally {
    db.exec('PRAGMA synchronous = FULL');
  }
}
