import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Directory } from '#parts/host/container-root.ts';
import { FILE_TYPE, statAt } from '#parts/host/files.ts';
import { getXattrAt, listXattrsAt } from '#parts/host/xattrs.ts';
import { makeTar, type TestEntry } from '#parts/tar/testing.ts';
import { mergeTrees } from './merge-tree.ts';
import { DEFAULT_LIMITS, unpack } from './unpack.ts';

test('a stack of layers is copied as an overlay would show it', async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'store-merge-'));
  const time = { seconds: 1_500_000_000, nanoseconds: 5 };
  const stack: TestEntry[][] = [
    [
      { name: 'd', type: 'directory', mode: 0o751, uid: 4, modified: time },
      { name: 'd/f', data: 'low', mode: 0o4711, uid: 7, gid: 8, modified: time, xattrs: new Map([['user.x', Buffer.from('y')]]) },
      { name: 'd/hard', type: 'link', linkPath: 'd/f' },
      { name: 'd/soft', type: 'symlink', linkPath: '/nowhere' },
      { name: 'dev', type: 'character', device: { major: 1, minor: 3 } },
      { name: 'gone/deep', data: 'x' },
      { name: 'opaque/hidden', data: 'x' },
      { name: 'becomes-file/x', data: 'x' },
      { name: 'becomes-folder', data: 'x' },
    ],
    [
      { name: '.wh.gone', data: '' },
      { name: 'opaque/.wh..wh..opq', data: '' },
      { name: 'opaque/new', data: 'n' },
      { name: 'becomes-file', data: 'file' },
      { name: 'becomes-folder/x', data: 'in' },
      { name: 'd', type: 'directory', mode: 0o700, uid: 9, modified: time },
    ],
  ];
  const folders: string[] = [];
  for (const [index, entries] of stack.entries()) {
    const folder = join(place.path, String(index));
    mkdirSync(folder);
    writeFileSync(`${folder}.tar`, makeTar(entries));
    await unpack({ source: `${folder}.tar`, folder, digest: undefined, diffId: undefined, limits: DEFAULT_LIMITS }, () => false);
    folders.push(folder);
  }
  const target = join(place.path, 'target');
  mkdirSync(target);
  mergeTrees(folders, target);

  assert.deepEqual(readdirSync(target).toSorted((a, b) => (a < b ? -1 : 1)), ['becomes-file', 'becomes-folder', 'd', 'dev', 'opaque']);
  assert.deepEqual(readdirSync(join(target, 'opaque')), ['new']);
  assert.equal(readFileSync(join(target, 'becomes-file'), 'utf8'), 'file');
  assert.equal(readFileSync(join(target, 'becomes-folder/x'), 'utf8'), 'in');
  using root = Directory.open(target);
  using d = Directory.open(join(target, 'd'));
  const file = statAt(d.fd, 'f');
  assert.deepEqual([file.mode, file.uid, file.gid, file.links, file.modified], [0o4711, 7, 8, 2, time]);
  assert.equal(getXattrAt(d.fd, 'hard', 'user.x')?.toString(), 'y');
  assert.deepEqual([statAt(root.fd, 'd').mode, statAt(root.fd, 'd').uid, statAt(root.fd, 'd').modified], [0o700, 9, time]);
  assert.deepEqual([statAt(root.fd, 'dev').type, statAt(root.fd, 'dev').device], [FILE_TYPE.character, { major: 1, minor: 3 }]);
  assert.equal(statAt(d.fd, 'soft').type, FILE_TYPE.symlink);
  assert.deepEqual(listXattrsAt(root.fd, 'opaque'), []);
});
