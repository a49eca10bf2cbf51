import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codeOf } from '#base/errors.ts';
import { SealedPrograms } from './sealed-programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'onggi-sealed-'));
after(() => rmSync(folder, { recursive: true }));

const run = (descriptor: number | undefined, ...args: string[]): string =>
  execFileSync(`/proc/${process.pid}/fd/${descriptor}`, args, { encoding: 'utf8' });

test('a sealed copy runs, and cannot be written', () => {
  using programs = new SealedPrograms();
  const descriptor = programs.find('/bin/echo');

  assert.equal(run(descriptor, 'hello'), 'hello\n');
  assert.throws(() => writeSync(descriptor ?? -1, 'x', 0), (thrown) => codeOf(thrown) === 'EPERM');
});

test('one copy serves until the file changes', () => {
  const path = join(folder, 'program');
  copyFileSync('/bin/echo', path);
  chmodSync(path, 0o755);
  using programs = new SealedPrograms();
  const first = programs.find(path);
  assert.equal(programs.find(path), first);

  copyFileSync('/bin/pwd', path);

  assert.equal(run(programs.find(path)), `${process.cwd()}\n`);
});

test('there is none of a script, nor of what is not there', () => {
  const script = join(folder, 'script');
  writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 });
  using programs = new SealedPrograms();
  assert.equal(programs.find(script), undefined);
  assert.equal(programs.find(join(folder, 'nothing')), undefined);
});
