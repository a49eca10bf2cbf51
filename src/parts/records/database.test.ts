import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDatabase, transaction, unsyncedTransaction } from './database.ts';

const folder = mkdtempSync(join(tmpdir(), 'onggi-database-'));
after(() => rmSync(folder, { recursive: true }));

const syncOf = (db: ReturnType<typeof openDatabase>): unknown => db.prepare('PRAGMA synchronous').get()?.['synchronous'];
const FULL = 2;

test('what is stored without waiting is there for whoever opens the file next', () => {
  const path = join(folder, 'one.db');
  const db = openDatabase(path);
  unsyncedTransaction(db, () => db.exec("INSERT INTO fact VALUES ('a', 'b')"));
  assert.equal(syncOf(db), FULL, 'what comes next waits again');
  using other = openDatabase(path); // as after a kill: the first is still open
  assert.equal(other.prepare("SELECT value FROM fact WHERE name = 'a'").get()?.['value'], 'b');
  db.close();
});

test('one that fails leaves nothing, and the next waits for the disk again', () => {
  using db = openDatabase(join(folder, 'two.db'));
  const failing = (): void => {
    db.exec("INSERT INTO fact VALUES ('a', 'b')");
    throw new Error('no');
  };
  assert.throws(() => unsyncedTransaction(db, failing), /no/);
  assert.equal(db.prepare("SELECT value FROM fact WHERE name = 'a'").get(), undefined);
  assert.equal(syncOf(db), FULL);
});

test('within another it is part of that one', () => {
  using db = openDatabase(join(folder, 'three.db'));
  const outer = (): void => {
    unsyncedTransaction(db, () => db.exec("INSERT INTO fact VALUES ('a', 'b')"));
    throw new Error('no');
  };
  assert.throws(() => transaction(db, outer), /no/);
  assert.equal(db.prepare("SELECT value FROM fact WHERE name = 'a'").get(), undefined);
});
