import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
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

test('filters: alternatives within one name, all names, all labels', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-events-'));
  using db = openDatabase(join(folder.path, 'onggi.db'));
  const events = new EventLog(db);
  assert.throws(() => events.watch({ sinceNs: 0n, untilNs: 0n, filters: new Map([['nope', ['x']]]) }, AbortSignal.abort()), {
    message: "invalid filter 'nope'",
  });
});
