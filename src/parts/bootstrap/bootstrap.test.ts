import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempDisposableSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sourceLines } from './apt-sources.ts';
import { busyboxTar } from './busybox.ts';
import { isStaticProgram } from './elf.ts';
import { nginxTar } from './nginx.ts';
import { recipeOf } from './recipes.ts';
import { requireTool } from './run-tool.ts';

const AT = new Date('2026-01-02T00:00:00Z');
const never = new AbortController().signal;
const quiet = (): void => undefined;
const listing = (tar: Buffer): string => execFileSync('tar', ['-tvf', '-'], { input: tar, encoding: 'utf8' });

test('a static program is told from one that needs a loader', () => {
  assert.equal(isStaticProgram(readFileSync('/bin/busybox').subarray(0, 4096)), true);
  assert.equal(isStaticProgram(readFileSync('/bin/ls').subarray(0, 4096)), false);
  assert.equal(isStaticProgram(Buffer.from('#!/bin/sh')), false);
  assert.equal(isStaticProgram(Buffer.alloc(64)), false);
});

test('the busybox root has one program under many names, and is the same each time', () => {
  const tar = busyboxTar(Buffer.from('program'), ['sh', '[', 'busybox', 'env'], AT);
  assert.deepEqual(tar, busyboxTar(Buffer.from('program'), ['[', 'env', 'sh', 'busybox'], AT));
  const text = listing(tar);
  assert.match(text, /^-rwxr-xr-x 0\/0 +7 2026-01-02 00:00 bin\/busybox$/m);
  assert.match(text, /^hrwxr-xr-x .* bin\/sh link to bin\/busybox$/m);
  assert.match(text, /^drwxrwxrwt .* tmp\/$/m);
  assert.match(text, /usr\/bin\/env -> \.\.\/\.\.\/bin\/env/);
});

test('the layer over Debian sends the logs to the output', () => {
  const text = listing(nginxTar(AT));
  assert.match(text, /var\/log\/nginx\/access\.log -> \/dev\/stdout/);
  assert.match(text, /etc\/nginx\/sites-enabled\/\.wh\.default/);
});

test("packages come from the host's own mirrors, and from no other archive that it has", () => {
  const known = [
    { uri: 'https://deb.nodesource.com/node_20.x/', release: 'nodistro' },
    { uri: 'http://mirror.example/debian/', release: 'bookworm' },
    { uri: 'http://mirror.example/debian/', release: 'bookworm-updates' },
    { uri: 'http://mirror.example/debian-security/', release: 'bookworm-security' },
  ];
  const places = (suite: string, from = known) => sourceLines(suite, from).map((line) => line.replace(/^deb \[[^\]]*\] /, ''));
  assert.deepEqual(places('bookworm'), ['http://mirror.example/debian/ bookworm main', 'http://mirror.example/debian/ bookworm-updates main', 'http://mirror.example/debian-security/ bookworm-security main']);
  assert.deepEqual(places('trixie'), ['http://mirror.example/debian/ trixie main', 'http://mirror.example/debian-security/ trixie-security main']);
  assert.deepEqual(places('sid'), ['http://mirror.example/debian/ sid main']);
  // mmdebstrap takes Debian's own archive then
  assert.deepEqual(places('trixie', []), []);
});

test('what cannot be made is refused before anything starts', async () => {
  const make = (image: string, include: readonly string[] = []) => recipeOf({ image, include, workFolder: '/nonexistent' }, never);
  await assert.rejects(make('alpine'), { kind: 'invalid', message: /no recipe for "alpine": there is debian:SUITE/ });
  await assert.rejects(make('debian:../etc'), { kind: 'invalid', message: 'invalid Debian suite: "../etc"' });
  await assert.rejects(make('debian:bookworm', ['a b']), { kind: 'invalid', message: 'invalid package name: "a b"' });
  await assert.rejects(make('debian:bookworm', ['--aptopt=x']), { kind: 'invalid' });
  await assert.rejects(make('busybox', ['vim']), { kind: 'invalid' });
});

test('a busybox that this machine has becomes an image that can be entered', async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'bootstrap-'));
  const recipe = await recipeOf({ image: 'busybox', include: [], workFolder: place.path }, never);
  for await (const { tar } of recipe.layers(quiet, never)) execFileSync('tar', ['-xf', '-', '-C', place.path], { input: await buffer(tar) });
  const said = execFileSync('chroot', [place.path, '/bin/sh', '-c', 'id -un; env | wc -l; echo ok | grep o'], { encoding: 'utf8' });
  assert.match(said, /^root\n\d+\nok\n$/);
});

test('a suite that does not exist fails with the words of the tool and leaves nothing', { timeout: 120_000 }, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'bootstrap-'));
  const recipe = await recipeOf({ image: 'debian:nosuchsuite', include: [], workFolder: place.path }, never);
  const run = async (): Promise<void> => {
    for await (const { tar } of recipe.layers(quiet, never)) await buffer(tar);
  };
  await assert.rejects(run(), { kind: 'internal', message: /^mmdebstrap failed: The repository .* nosuchsuite Release' does not have a Release file/ });
  assert.deepEqual(readdirSync(place.path), []);
});

test('a cancel ends a build at once and leaves nothing', { timeout: 120_000 }, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'bootstrap-'));
  const recipe = await recipeOf({ image: 'debian:bookworm', include: [], workFolder: place.path }, never);
  const stop = new AbortController();
  const said: string[] = [];
  const run = async (): Promise<void> => {
    const say = (line: string): void => {
      said.push(line);
      if (line.startsWith('Running apt-get update')) stop.abort(new Error('enough'));
    };
    for await (const { tar } of recipe.layers(say, stop.signal)) await buffer(tar);
  };
  await assert.rejects(run(), /enough/);
  assert.deepEqual(readdirSync(place.path), []);
});

test('a missing tool is named with its package', async () => {
  await assert.rejects(requireTool('no-such-tool', 'some-package'), {
    kind: 'unavailable',
    message: 'no-such-tool is not installed on this machine: install it with "apt-get install some-package"',
  });
});

test('when the engine is killed, no process of a build lives on', { timeout: 60_000 }, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'bootstrap-'));
  const script = `
    import { recipeOf } from ${JSON.stringify(join(import.meta.dirname, 'recipes.ts'))};
    const never = new AbortController().signal;
    const recipe = await recipeOf({ image: 'debian:bookworm', include: [], workFolder: process.argv[1] }, never);
    for await (const { tar } of recipe.layers((line) => process.send(line), never)) for await (const _ of tar);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, place.path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await new Promise<void>((resolve) => child.on('message', (line: string) => line.startsWith('Running apt-get update') && resolve()));
  assert.ok(processesIn(place.path).length > 1);
  child.kill('SIGKILL');
  const until = Date.now() + 10_000;
  while (processesIn(place.path).length > 0 && Date.now() < until) await sleep(50);
  assert.deepEqual(processesIn(place.path), []);
});

/** Processes whose environment names the folder. */
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${folder}`);
    } catch {
      return false;
    }
  });
}
