import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { isAlive, killProcess, parseStat, startTimeOf, statOf } from './processes.ts';

test('a process is known by its pid and start time together', async () => {
  const child = spawn('sleep', ['60']);
  const pid = child.pid ?? 0;
  const startTime = startTimeOf(pid) ?? -1;
  assert.equal(isAlive(pid, startTime), true);
  assert.equal(isAlive(pid, startTime - 1), false);
  assert.equal(killProcess(pid, startTime - 1, 9), false);
  assert.equal(isAlive(pid, startTime), true);
  assert.equal(killProcess(pid, startTime, 9), true);
  await once(child, 'exit');
  assert.equal(isAlive(pid, startTime), false);
  assert.equal(killProcess(pid, startTime, 9), false);
  assert.equal(statOf(pid), undefined);
});

test('a program\'s name may look like the rest of the line', () => {
  const stat = parseStat(`42 (a) R (b) S 7 ${'0 '.repeat(17)}123456 0`);
  assert.deepEqual(stat, { name: 'a) R (b', state: 'S', parentPid: 7, startTime: 123456 });
});
