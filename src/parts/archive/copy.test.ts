import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempDisposableSync, readFileSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { listMounts } from '#parts/host/mount-table.ts';
import type { TarEntry } from '#parts/tar/entry.ts';
import { TarReader } from '#parts/tar/reader.ts';
import { END_OF_ARCHIVE, paddingOf, plainEntry, tarHeader } from '#parts/tar/writer.ts';
import { ArchiveThreads } from './archive-threads.ts';
import { rootedPath } from './path-facts.ts';
import type { RootView, ViewMount } from './root-view.ts';

const NEVER = new AbortController().signal;
const AS_GIVEN = { noOverwriteDirNonDir: false, owner: undefined };
const threads = new ArchiveThreads(() => {});

interface Root extends Disposable {
  readonly path: string;
  /** Beside the root: nothing may come here. */
  readonly outside: string;
  view(more?: { readonly mounts?: readonly ViewMount[]; readonly readOnly?: boolean }): RootView;
}

function makeRoot(): Root {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-copy-'));
  const path = join(folder.path, 'containers/c1/rootfs/merged');
  const outside = join(folder.path, 'outside');
  mkdirSync(join(path, 'd/sub'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(path, 'd/f'), 'hi\n');
  writeFileSync(join(outside, 'secret'), 'secret');
  symlinkSync('/d', join(path, 'ld'));
  symlinkSync('f', join(path, 'd/lf'));
  symlinkSync('nowhere', join(path, 'd/broken'));
  symlinkSync(outside, join(path, 'out'));
  symlinkSync('../../../../../../../../../../../../etc', join(path, 'up'));
  return {
    path, outside,
    view: (more = {}) => ({ root: path, containers: join(folder.path, 'containers'), readOnly: false, mounts: [], ...more }),
    [Symbol.dispose]: () => folder.remove(),
  };
}

function tarOf(...entries: readonly (readonly [Partial<TarEntry> & Pick<TarEntry, 'path'>, string?])[]): Buffer {
  const blocks = entries.flatMap(([entry, data = '']) => {
    const whole = { ...plainEntry(entry.type ?? 'file', '', entry), sizeBytes: Buffer.byteLength(data) };
    return [tarHeader(whole), Buffer.from(data), Buffer.alloc(paddingOf(whole.sizeBytes))];
  });
  return Buffer.concat([...blocks, END_OF_ARCHIVE]);
}

const write = (root: Root, path: string, archive: Buffer, options: { readonly noOverwriteDirNonDir: boolean; readonly owner: { uid: number; gid: number } | undefined } = AS_GIVEN, view = root.view()): Promise<void> =>
  threads.write(view, { rooted: rootedPath(path), archive: Readable.from([archive]), options }, NEVER);

async function read(view: RootView, path: string): Promise<{ readonly names: string[]; readonly data: string }> {
  const { archive, facts, ended } = threads.read(view, rootedPath(path), NEVER);
  await facts;
  const reader = new TarReader();
  const names: string[] = [];
  let data = '';
  for await (const chunk of archive as AsyncIterable<Buffer>) {
    for (const event of reader.push(chunk)) {
      if (event.kind === 'entry') names.push(event.entry.linkPath === '' ? event.entry.path : `${event.entry.path} -> ${event.entry.linkPath}`);
      else if (event.kind === 'data') data += Buffer.from(event.bytes).toString();
    }
  }
  await ended;
  return { names, data };
}

test('paths keep what stands at their end', () => {
  const cases: Readonly<Record<string, string>> = { '/': '/', '': '/.', '.': '/.', d: '/d', '/d/': '/d/', '/d/.': '/d/.', 'd//x/../f': '/d/f', '../../x': '/x', '/..': '/', '/./': '/.' };
  for (const [given, wanted] of Object.entries(cases)) assert.equal(rootedPath(given), wanted, given);
});

test('a path is told as dockerd tells it: a link of itself, unless a slash follows', async () => {
  using root = makeRoot();
  const facts = async (path: string): Promise<string> => {
    const { name, mode, linkTarget } = await threads.stat(root.view(), rootedPath(path), NEVER);
    return `${name} ${(mode >> 12).toString(8)} ${linkTarget}`.trim();
  };
  assert.equal(await facts('/'), '/ 4');
  assert.equal(await facts('/d/.'), '. 4');
  assert.equal(await facts('/ld'), 'ld 12 /d');
  assert.equal(await facts('/ld/'), 'ld 4');
  assert.equal(await facts('/d/lf'), 'lf 12 /d/f');
  assert.equal(await facts('/d/broken'), 'broken 12 /d/nowhere');
  await assert.rejects(facts('/nope'), { kind: 'not-found' });
  await assert.rejects(facts('/d/f/'), { kind: 'internal', message: 'lstat /d/f/: not a directory' });
  await assert.rejects(facts('/out/secret'), { kind: 'not-found' });
  await assert.rejects(facts('/up/passwd'), { kind: 'not-found' });
});

test('an archive begins with the last part of its path', async () => {
  using root = makeRoot();
  const names = async (path: string): Promise<string[]> => (await read(root.view(), path)).names;
  assert.deepEqual(await names('/d'), ['d/', 'd/broken -> nowhere', 'd/f', 'd/lf -> f', 'd/sub/']);
  assert.deepEqual(await names('/d/.'), ['./', './broken -> nowhere', './f', './lf -> f', './sub/']);
  assert.deepEqual(await names('/ld'), ['ld -> /d']);
  assert.deepEqual((await names('/ld/'))[0], 'ld/');
  assert.deepEqual((await names('/')).slice(0, 2), ['/', '/d/']);
  assert.deepEqual(await read(root.view(), 'd/f'), { names: ['f'], data: 'hi\n' });
});

test('what is mounted is seen and written to, and nothing stays mounted', async () => {
  using root = makeRoot();
  const mounts = [{ source: root.outside, destination: '/vol', readOnly: false }, { source: root.outside, destination: '/d/ro', readOnly: true }];
  const view = root.view({ mounts });
  assert.equal((await read(view, '/vol/secret')).data, 'secret');
  await write(root, '/vol', tarOf([{ path: 'new' }, 'text']), AS_GIVEN, view);
  assert.equal(readFileSync(join(root.outside, 'new'), 'utf8'), 'text');
  await assert.rejects(write(root, '/d/ro', tarOf([{ path: 'x' }]), AS_GIVEN, view), { message: 'mounted volume is marked read-only' });
  await assert.rejects(write(root, '/d', tarOf([{ path: 'ro/x' }]), AS_GIVEN, view), /read-only file system/);
  await assert.rejects(write(root, '/', tarOf([{ path: 'x' }]), AS_GIVEN, { ...view, readOnly: true }), { message: 'container rootfs is marked read-only' });
  await write(root, '/vol', tarOf([{ path: 'second' }]), AS_GIVEN, { ...view, readOnly: true });
  assert.ok(existsSync(join(root.outside, 'second')));
  assert.ok(!listMounts().some(({ target }) => target.startsWith(root.path)));
});

test('a mount whose place is a link to the outside stays inside', async () => {
  using root = makeRoot();
  const mounts = [{ source: root.outside, destination: '/up/cron.d', readOnly: false }];
  await write(root, '/', tarOf([{ path: 'x' }]), AS_GIVEN, root.view({ mounts })).catch(() => undefined);
  assert.ok(!existsSync('/etc/cron.d/secret'));
});

test('entries come with all they are: owner, mode, time, links, pipes', async () => {
  using root = makeRoot();
  await write(root, '/ld', tarOf(
    [{ path: 'deep/er/file', mode: 0o4750, uid: 7, gid: 8, modified: { seconds: 1000, nanoseconds: 0 } }, 'abc'],
    [{ path: 'hard', type: 'link', linkPath: 'deep/er/file' }], [{ path: 'soft', type: 'symlink', linkPath: '../x', uid: 5 }], [{ path: 'pipe', type: 'fifo', mode: 0o600 }],
    [{ path: 'sub', type: 'directory', mode: 0o700, modified: { seconds: 2000, nanoseconds: 0 } }], [{ path: 'sub/in' }],
  ));
  const at = (name: string) => lstatSync(join(root.path, 'd', name));
  const { mode, uid, gid, mtimeMs, nlink } = at('deep/er/file');
  assert.deepEqual([mode & 0o7777, uid, gid, mtimeMs, nlink], [0o4750, 7, 8, 1_000_000, 2]);
  assert.equal(readlinkSync(join(root.path, 'd/soft')), '../x');
  assert.equal(at('soft').uid, 5);
  assert.ok(at('pipe').isFIFO());
  assert.deepEqual([at('sub').mtimeMs, at('sub').mode & 0o777], [2_000_000, 0o700]);
  await write(root, '/d', tarOf([{ path: 'owned', uid: 7 }]), { ...AS_GIVEN, owner: { uid: 42, gid: 43 } });
  assert.deepEqual([at('owned').uid, at('owned').gid], [42, 43]);
});

test('folders and files take one another’s place only where that was allowed', async () => {
  using root = makeRoot();
  const strict = { ...AS_GIVEN, noOverwriteDirNonDir: true };
  await assert.rejects(write(root, '/', tarOf([{ path: 'd' }]), strict), { kind: 'internal', message: 'cannot overwrite directory "d" with non-directory "/"' });
  await assert.rejects(write(root, '/d', tarOf([{ path: 'f/', type: 'directory' }]), strict), { kind: 'internal', message: 'cannot overwrite non-directory "f" with directory "/d"' });
  await write(root, '/', tarOf([{ path: 'd' }, 'now a file']));
  assert.equal(readFileSync(join(root.path, 'd'), 'utf8'), 'now a file');
  await assert.rejects(write(root, '/d', tarOf([{ path: 'x' }])), { message: 'extraction point is not a directory' });
  await assert.rejects(write(root, '/nope', tarOf([{ path: 'x' }])), { kind: 'not-found' });
});

test('archives that climb, damaged ones and ones that are cut off are refused', async () => {
  using root = makeRoot();
  for (const path of ['../../esc', 'a/../../esc', '/../esc']) await assert.rejects(write(root, '/d/sub', tarOf([{ path }])), /invalid entry name/);
  await assert.rejects(write(root, '/d', Buffer.from('garbage'.repeat(200))), /tar/);
  await assert.rejects(write(root, '/d', tarOf([{ path: 'x' }, 'y'.repeat(2000)]).subarray(0, 900)), /unexpected EOF/);
  await assert.rejects(write(root, '/d', tarOf([{ path: 'l', type: 'link', linkPath: '../../../outside/secret' }])), /invalid entry name/);
  assert.ok(!existsSync(join(root.path, 'esc')));
});

test('links on the way lead to places inside', async () => {
  using root = makeRoot();
  mkdirSync(join(root.path, root.outside), { recursive: true });
  await write(root, '/', tarOf([{ path: 'out/x' }, 'inside']));
  assert.deepEqual([existsSync(join(root.outside, 'x')), readFileSync(join(root.path, root.outside, 'x'), 'utf8')], [false, 'inside']);
  await write(root, '/', tarOf([{ path: 'evil', type: 'symlink', linkPath: '/' }], [{ path: 'evil/tmp-x' }, 'still inside']));
  assert.equal(readFileSync(join(root.path, 'tmp-x'), 'utf8'), 'still inside');
});

test('a container that swaps folders for links all the time gets nothing out and nothing in from outside', async () => {
  using root = makeRoot();
  const [real, link, place] = ['real', 'link', 'swap'].map((name) => join(root.path, name)) as [string, string, string];
  mkdirSync(real);
  symlinkSync(root.outside, link);
  renameSync(real, place);
  const code = `const { renameSync } = require('node:fs'); const { parentPort, workerData: [real, link, place] } = require('node:worker_threads');
    let on = true; parentPort.on('message', () => { on = false; });
    const turn = () => { for (let i = 0; i < 200; i++) for (const [from, to] of [[place, real], [link, place], [place, link], [real, place]]) try { renameSync(from, to); } catch {} if (on) setImmediate(turn); else process.exit(); }; turn();`;
  const swapper = new Worker(code, { eval: true, workerData: [real, link, place] });
  const entries = Array.from({ length: 400 }, (_, index): [Partial<TarEntry> & Pick<TarEntry, 'path'>, string] => [{ path: `swap/n${index}` }, 'x']);
  for (let round = 0; round < 3; round++) {
    await write(root, '/', tarOf(...entries)).catch(() => undefined);
    const got = await read(root.view(), '/swap/.').catch(() => ({ data: '' }));
    assert.ok(!got.data.includes('secret'));
  }
  swapper.postMessage('stop');
  await new Promise((resolve) => swapper.once('exit', resolve));
  assert.deepEqual([existsSync(join(root.outside, 'n0')), readFileSync(join(root.outside, 'secret'), 'utf8')], [false, 'secret']);
});

test('a client that goes in the middle leaves nobody waiting', async () => {
  using root = makeRoot();
  const gone = new AbortController();
  async function* half(): AsyncGenerator<Buffer> {
    yield tarOf([{ path: 'x' }, 'y'.repeat(100_000)]).subarray(0, 5000);
    gone.abort(new Error('gone'));
    throw new Error('the client went away');
  }
  await assert.rejects(threads.write(root.view(), { rooted: '/', archive: half(), options: AS_GIVEN }, gone.signal), /client went away|gone|canceled/);
});

test('no archive, however broken, does anything outside', async () => {
  using root = makeRoot();
  const good = tarOf([{ path: 'a/', type: 'directory' }], [{ path: 'a/b' }, 'text'], [{ path: 'l', type: 'symlink', linkPath: '../../../..' }], [{ path: 'l/out' }, 'x']);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), async (changes) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      await write(root, '/d', bytes).catch(() => undefined);
      assert.deepEqual([existsSync(join(root.outside, 'out')), existsSync(join(root.path, '../out'))], [false, false]);
    }),
    { numRuns: 15 },
  );
});
