import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, mkdtempDisposableSync, rmSync, symlinkSync, utimesSync, writeFileSync, appendFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unmountSync } from '#parts/host/mounts.ts';
import { mountOverlay } from '#parts/host/overlay.ts';
import type { TarEntry } from '#parts/tar/entry.ts';
import { TarReader } from '#parts/tar/reader.ts';
import { ArchiveThreads } from './archive-threads.ts';
import { listChanges, type LayeredTree } from './changes.ts';

const NEVER = new AbortController().signal;

interface Layered extends Disposable {
  readonly root: string;
  readonly tree: LayeredTree;
}

/** Two layers and a container's root over them, by the kernel's overlayfs. */
function layered(): Layered {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-changes-'));
  const at = (name: string): string => join(folder.path, name);
  for (const name of ['fs', 'root']) mkdirSync(at(name));
  // a file system of its own: overlayfs stands on no other overlay, where the tests themselves may run
  const [low, high, upper, work] = ['low', 'high', 'upper', 'work'].map((name) => at(`fs/${name}`)) as [string, string, string, string];
  for (const path of [low, high, upper, work]) mkdirSync(path);
  mkdirSync(join(low, 'a/b'), { recursive: true });
  mkdirSync(join(low, 'gone/deep'), { recursive: true });
  mkdirSync(join(low, 'etc'));
  for (const path of ['a/b/one', 'a/two', 'gone/deep/x', 'top', 'etc/kept']) writeFileSync(join(low, path), path);
  mkdirSync(join(high, 'a'));
  writeFileSync(join(high, 'a/three'), '3');
  mountOverlay({ target: at('root'), lower: [high, low], upper, work, options: { redirect_dir: 'off', metacopy: 'off' } });
  return {
    root: at('root'),
    tree: { upper, lower: [high, low], complete: false },
    [Symbol.dispose]() {
      unmountSync(at('root'), { detach: true });
      folder.remove();
    },
  };
}

const shown = (tree: LayeredTree): string[] => listChanges(tree).map(({ kind, path }) => `${kind[0]?.toUpperCase()} ${path}`);

async function entriesOf(archive: AsyncIterable<Uint8Array>): Promise<(TarEntry & { readonly data: string })[]> {
  const reader = new TarReader();
  const entries: (TarEntry & { data: string })[] = [];
  for await (const chunk of archive) {
    for (const event of reader.push(chunk)) {
      if (event.kind === 'entry') entries.push({ ...event.entry, data: '' });
      else if (event.kind === 'data') (entries.at(-1) as { data: string }).data += Buffer.from(event.bytes).toString();
    }
  }
  reader.finish();
  assert.ok(reader.ended);
  return entries;
}

test('what was added, changed and deleted is told, with the folders above', () => {
  using files = layered();
  const { root, tree } = files;
  assert.deepEqual(shown(tree), []);
  appendFileSync(join(root, 'a/b/one'), 'more');
  rmSync(join(root, 'a/three'));
  rmSync(join(root, 'gone'), { recursive: true });
  mkdirSync(join(root, 'new/inner'), { recursive: true });
  chmodSync(join(root, 'etc'), 0o700);
  symlinkSync('nowhere', join(root, 'new/link'));
  renameSync(join(root, 'a/two'), join(root, 'moved'));
  assert.deepEqual(shown(tree), [
    'M /a', 'M /a/b', 'M /a/b/one', 'D /a/three', 'D /a/two', 'M /etc', 'D /gone', 'A /moved', 'A /new', 'A /new/inner', 'A /new/link',
  ]);
});

test('a folder that was removed and made anew tells what is not in it any more', () => {
  using files = layered();
  const { root, tree } = files;
  rmSync(join(root, 'a'), { recursive: true });
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a/two'), 'different');
  assert.deepEqual(shown(tree), ['M /a', 'D /a/b', 'D /a/three', 'M /a/two']);
});

test('opened for writing and not written to is no change; places to mount at are none either', () => {
  using files = layered();
  const { root, tree } = files;
  appendFileSync(join(root, 'top'), '');
  mkdirSync(join(root, 'dev'));
  writeFileSync(join(root, 'dev/console'), '');
  writeFileSync(join(root, 'etc/hosts'), '');
  mkdirSync(join(root, 'proc'));
  assert.deepEqual(shown(tree), []);
  writeFileSync(join(root, 'etc/hostname'), 'own');
  assert.deepEqual(shown(tree), ['M /etc', 'A /etc/hostname']);
});

test('where all files are copied, what is missing is deleted', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-changes-'));
  const [lower, upper] = [join(folder.path, 'l'), join(folder.path, 'u')];
  for (const path of [lower, upper]) {
    mkdirSync(join(path, 'd'), { recursive: true });
    for (const name of ['d/same', 'd/other']) {
      writeFileSync(join(path, name), 'x');
      utimesSync(join(path, name), 5, 5);
    }
  }
  rmSync(join(upper, 'd/other'));
  assert.deepEqual(shown({ upper, lower: [lower], complete: true }), ['M /d', 'D /d/other']);
});

test('a layer holds what changed, whiteouts and hard links', async () => {
  using files = layered();
  const { root, tree } = files;
  writeFileSync(join(root, 'new'), 'text');
  linkSync(join(root, 'new'), join(root, 'same'));
  rmSync(join(root, 'top'));
  rmSync(join(root, 'a'), { recursive: true });
  mkdirSync(join(root, 'a'));
  const { archive, ended } = new ArchiveThreads(() => {}).packLayer(tree, NEVER);
  const entries = await entriesOf(archive);
  await ended;
  assert.deepEqual(entries.map(({ path, type, linkPath, data }) => [type, path, linkPath, data]), [
    ['directory', 'a/', '', ''], ['file', 'a/.wh..wh..opq', '', ''],
    ['file', 'new', '', 'text'], ['link', 'same', 'new', ''], ['file', '.wh.top', '', ''],
  ]);
});

test('a root is packed whole: large files, odd names, no sockets', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-pack-'));
  const large = 'x'.repeat(700_001);
  writeFileSync(join(folder.path, 'large'), large);
  mkdirSync(join(folder.path, 'd'));
  writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/d/`), Buffer.from([0xff, 0x0a])]), '');
  symlinkSync('/etc/passwd', join(folder.path, 'd/link'));
  const server = createServer().listen(join(folder.path, 'socket'));
  await once(server, 'listening');
  let skipped = 0;
  const { archive, ended } = new ArchiveThreads((count) => (skipped += count)).packRoot(folder.path, NEVER);
  const entries = await entriesOf(archive);
  await ended;
  server.close();
  assert.deepEqual(entries.map(({ path, linkPath }) => [path, linkPath]), [['d/', ''], ['d/link', '/etc/passwd'], ['d/\xff\n', ''], ['large', '']]);
  assert.ok(entries.at(-1)?.data === large);
  assert.equal(skipped, 1);
});

test('a reader that goes away ends the work, and a failure breaks the archive off', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-pack-'));
  writeFileSync(join(folder.path, 'large'), Buffer.alloc(4 << 20));
  const threads = new ArchiveThreads(() => {});
  const left = threads.packRoot(folder.path, NEVER);
  for await (const _chunk of left.archive) break;
  await left.ended;
  const broken = threads.packRoot(join(folder.path, 'nothing'), NEVER);
  await assert.rejects(entriesOf(broken.archive), { code: 'ENOENT' });
  await broken.ended;
});
