import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { silentLog } from '#base/log.ts';
import { openDatabase } from '#parts/records/database.ts';
import { EventLog } from './event-log.ts';
import type { EngineEvent } from './events.ts';

const LONG_AGO = 0n;

function start(id: string, labels: Record<string, string> = {}): Parameters<EventLog['publish']>[0] {
  return { type: 'container', action: 'start', actorId: id, attributes: { name: `n-${id}`, image: 'busybox:latest', ...labels } };
}

test('events survive a restart and are told from any time on', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  {
    using db = openDatabase(join(folder.path, 'onggi.db'));
    const events = new EventLog(db);
    events.publish(start('a'));
    events.publish(start('b'));
    events.flush();
  }
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const events = new EventLog(db);
  events.publish(start('c'));
  const until = BigInt(Date.now()) * 1_000_000n;
  const seen = await Array.fromAsync(
    events.watch({ sinceNs: LONG_AGO, untilNs: until + 50_000_000n, filters: new Map() }, AbortSignal.timeout(5000)),
  );
  assert.deepEqual(seen.map(({ actorId, sequence }) => [actorId, sequence]), [['a', 1], ['b', 2], ['c', 3]]);
});

test('a reader gets what happens after it began, in order, until it stops', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const events = new EventLog(db);
  events.publish(start('before'));
  const stop = new AbortController();
  const stream = events.watch({ sinceNs: undefined, untilNs: undefined, filters: new Map([['container', ['n-a', 'b']]]) }, stop.signal);
  for (const id of ['a', 'other', 'b']) events.publish(start(id));
  const seen: EngineEvent[] = [];
  for await (const event of stream) {
    seen.push(event);
    if (seen.length === 2) stop.abort();
  }
  assert.deepEqual(seen.map(({ actorId }) => actorId), ['a', 'b']);
  events.flush();
});

test('a filter that Docker does not have is refused', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const events = new EventLog(db);
  assert.throws(() => events.watch({ sinceNs: 0n, untilNs: 0n, filters: new Map([['nope', ['x']]]) }, AbortSignal.abort()), {
    message: "invalid filter 'nope'",
  });
});

test('many past events come in order and once, with those that happen meanwhile behind them', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const events = new EventLog(db);
  for (let index = 0; index < 1200; index++) events.publish(start(`p${index}`));
  const stop = new AbortController();
  const stream = events.watch({ sinceNs: LONG_AGO, untilNs: undefined, filters: new Map() }, stop.signal);
  events.publish(start('live'));
  const seen: number[] = [];
  for await (const { sequence, actorId } of stream) {
    seen.push(sequence);
    if (seen.length === 700) events.publish(start('later'));
    if (actorId === 'later') stop.abort();
  }
  assert.deepEqual(seen, Array.from({ length: 1202 }, (_, index) => index + 1));
  events.flush();
});

test('a reader that never reads is forgotten when its client goes', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const events = new EventLog(db);
  const client = new AbortController();
  events.watch({ sinceNs: undefined, untilNs: undefined, filters: new Map() }, client.signal);
  assert.equal(events.readers, 1);
  client.abort();
  assert.equal(events.readers, 0);
});

test('a reader that is too slow is cut off instead of filling the memory', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const events = new EventLog(db);
  const stream = events.watch({ sinceNs: undefined, untilNs: undefined, filters: new Map() }, new AbortController().signal);
  for (let index = 0; index < 10_002; index++) events.publish(start('x'));
  assert.equal((await Array.fromAsync(stream)).length, 0);
  assert.equal(events.readers, 0);
  events.flush();
});

test('a database that takes nothing keeps the engine up, and the events come later', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const told: string[] = [];
  const events = new EventLog(db, { ...silentLog, error: (message) => void told.push(message) });
  db.exec('PRAGMA query_only = ON');
  events.publish(start('a'));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.deepEqual(told, ['events could not be stored']);
  const past = (): Promise<EngineEvent[]> => Array.fromAsync(events.watch({ sinceNs: LONG_AGO, untilNs: BigInt(Date.now()) * 1_000_000n + 1_000_000n, filters: new Map() }, AbortSignal.timeout(2000)));
  assert.deepEqual((await past()).map(({ actorId }) => actorId), ['a']);
  db.exec('PRAGMA query_only = OFF');
  events.publish(start('b'));
  events.flush();
  assert.deepEqual((await past()).map(({ actorId }) => actorId), ['a', 'b']);
});
