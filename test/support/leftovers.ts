// What an engine has on this machine at one moment, so that a test can tell that a failure left nothing behind.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { dockerOk, eventually, run } from './commands.ts';

const SANDBOX = process.env['ONGGI_SANDBOX'] ?? '';

/** Everything of the sandbox's engine that a container, an image or a request makes, as lines of text. */
export async function belongings(): Promise<readonly string[]> {
  const listed = await Promise.all([
    dockerOk('ps', '-aq', '--no-trunc'),
    dockerOk('images', '-aq', '--no-trunc'),
    dockerOk('volume', 'ls', '-q'),
    run('nft', ['list', 'table', 'ip', 'onggi']).then(({ stdout }) => stdout.replaceAll(/^table.*/gm, '')),
    run('ip', ['-o', 'link', 'show', 'type', 'veth']).then(({ stdout }) => stdout.replaceAll(/^\d+: /gm, '')),
  ]);
  const named = ['container', 'image', 'volume', 'rule', 'link'];
  const lines = listed.flatMap((text, index) => text.split('\n').filter((line) => line.trim() !== '').map((line) => `${named[index]} ${line.trim()}`));
  return [...new Set([...lines, ...folders(), ...mounts(), ...cgroups(), ...shims()])].toSorted();
}

/** Waits until all is as it was: some of it is taken away a moment after the answer. */
export async function assertNothingMoreThan(before: readonly string[]): Promise<void> {
  let now: readonly string[] = [];
  await eventually('the end of what was left behind', async () => {
    now = await belongings();
    return now.every((line) => before.includes(line)) ? true : undefined;
  }, 5000).catch(() => {});
  assert.deepEqual(now.filter((line) => !before.includes(line)), [], 'left behind');
}

/** Runs a part of a test, and sees to it that nothing is left of it and that the engine still answers. */
export async function leavingNothing<T>(work: () => Promise<T>): Promise<T> {
  const before = await belongings();
  const result = await work();
  await assertNothingMoreThan(before);
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', 'busybox', 'echo', 'well'), 'well');
  return result;
}

function folders(): string[] {
  const inData = ['containers', 'content/sha256', 'content/partial', 'layers', 'volumes', 'bootstrap'].map((name) => join('data', name));
  const inRun = ['containers', 'execs', 'netns', 'shm'].map((name) => join('run', name));
  return [...inData, ...inRun].flatMap((folder) => {
    const path = join(SANDBOX, folder);
    return existsSync(path) && statSync(path).isDirectory() ? readdirSync(path).map((name) => `file ${folder}/${name}`) : [];
  });
}

function mounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(SANDBOX)).map((path) => `mount ${path}`);
}

/** By what each runs, since pids say nothing. */
function shims(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const commands = pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
      return []; // it has ended meanwhile
    }
  });
  return commands.filter(([program]) => program?.endsWith('onggi-shim')).map((words) => `shim ${words[words.indexOf('--id') + 1]}`);
}

function cgroups(): string[] {
  const parent = `onggi-${SANDBOX.slice(SANDBOX.lastIndexOf('.') + 1)}`;
  const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)];
  return roots.map((root) => join(root, parent)).filter((path) => existsSync(path)).flatMap((path) => foldersOf(path));
}

function foldersOf(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => `cgroup ${path}/${name}`);
}
