import assert from 'node:assert/strict';
import test from 'node:test';
import { matchesEvent } from './event-filter.ts';
import type { EngineEvent } from './events.ts';

function eventOf(changes: Partial<EngineEvent> = {}): EngineEvent {
  return { sequence: 1, timeNs: 1n, type: 'container', action: 'start', actorId: 'abc123', attributes: { name: 'web', image: 'nginx:1.27', tier: 'front' }, ...changes };
}

const fits = (filters: Readonly<Record<string, readonly string[]>>, event: EngineEvent = eventOf()): boolean => matchesEvent(event, new Map(Object.entries(filters)));

test('values of one filter are alternatives, different filters must all fit, labels must all fit', () => {
  assert.equal(fits({ event: ['die', 'start'] }), true);
  assert.equal(fits({ event: ['start'], type: ['image'] }), false);
  assert.equal(fits({ label: ['tier=front', 'name=web'] }), true);
  assert.equal(fits({ label: ['tier=front', 'nope'] }), false);
  assert.equal(fits({ event: [] }), true);
});

test('an action is found without its arguments, a noun by name or the beginning of its id', () => {
  const exec = eventOf({ action: 'exec_create: sh -c true' });
  assert.equal(fits({ event: ['exec_create'] }, exec), true);
  assert.equal(fits({ container: ['web'] }), true);
  assert.equal(fits({ container: ['abc'] }), true);
  assert.equal(fits({ volume: ['web'] }), false);
  assert.equal(fits({ scope: ['local'] }), true);
  assert.equal(fits({ scope: ['swarm'] }), false);
});

test('an image is found with and without its tag', () => {
  assert.equal(fits({ image: ['nginx'] }), true);
  assert.equal(fits({ image: ['nginx:1.27'] }), true);
  assert.equal(fits({ image: ['nginx:1.26'] }), false);
  assert.equal(fits({ image: ['registry:5000/x'] }, eventOf({ attributes: { image: 'registry:5000/x' } })), true);
});

test('names that objects have by nature are no labels', () => {
  assert.equal(fits({ label: ['constructor'] }), false);
  assert.equal(fits({ label: ['__proto__'] }), false);
});
