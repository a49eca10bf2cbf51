import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CgroupMoves } from './cgroup-moves.ts';
import { type CgroupLayout, detectCgroups } from './cgroups.ts';

const ownCgroups = (): string => readFileSync('/proc/self/cgroup', 'utf8');

test('expecting moves leaves the process in the cgroups that it was in', async () => {
  const before = ownCgroups();
  await using moves = await CgroupMoves.open(detectCgroups());

  moves.expect(40);
  moves.expect(10);
  await pause(60);
  moves.expect(20);

  assert.equal(ownCgroups(), before);
});

test('where the own cgroup cannot be found nothing happens', async () => {
  const nowhere: CgroupLayout = { version: 2, hybrid: false, unified: '/nowhere', hierarchies: new Map(), controllers: new Set() };
  const moves = await CgroupMoves.open(nowhere);

  moves.expect(10);

  await moves[Symbol.asyncDispose]();
});

test('closed while moves are expected, it ends quietly', async () => {
  const moves = await CgroupMoves.open(detectCgroups());
  moves.expect(200);
  await pause(2);
  await moves[Symbol.asyncDispose]();
  await pause(20);
});
