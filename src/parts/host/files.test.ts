import assert from 'node:assert/strict';
import { closeSync, constants, lstatSync, mkdirSync, mkdtempDisposableSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { codeOf } from '#base/errors.ts';
import { ContainerRoot, Directory, namesIn, removeTreeAt } from './container-root.ts';
import {
  chmodAt, chownAt, FILE_TYPE, linkAt, makeFolderAt, makeNodeAt, O, openAt, readLinkAt, removeNameAt, renameAt, RESOLVE, setTimesAt, statAt, symlinkAt, unlinkAt,
} from './files.ts';
import { getXattrAt, listXattrsAt, setXattrAt } from './xattrs.ts';

const temporary = (): ReturnType<typeof mkdtempDisposableSync> => mkdtempDisposableSync(join(tmpdir(), 'store-files-'));
const fails = (code: string) => (thrown: unknown): boolean => codeOf(thrown) === code;

test('every kind of node is made with its owner, permissions, times and attributes', () => {
  using place = temporary();
  using dir = Directory.open(place.path);
  makeFolderAt(dir.fd, 'd', 0o700);
  makeNodeAt(dir.fd, 'null', FILE_TYPE.character | 0o600, { major: 1, minor: 3 });
  makeNodeAt(dir.fd, 'big', FILE_TYPE.block | 0o600, { major: 259, minor: 70_000 });
  makeNodeAt(dir.fd, 'pipe', FILE_TYPE.fifo | 0o600, { major: 0, minor: 0 });
  symlinkAt('/nowhere', dir.fd, 'link');
  writeFileSync(join(place.path, 'f'), 'x');
  linkAt({ dir: dir.fd, name: 'f' }, { dir: dir.fd, name: 'g' });
  chownAt(dir.fd, 'link', { uid: 12, gid: 34 });
  chmodAt(dir.fd, 'f', 0o4755);
  setTimesAt(dir.fd, 'link', { seconds: -5, nanoseconds: 123_456_789 });
  setXattrAt(dir.fd, 'f', 'user.a', Buffer.from([0, 1, 2]));
  setXattrAt(dir.fd, 'link', 'trusted.b', Buffer.alloc(600, 7));

  assert.deepEqual(statAt(dir.fd, 'null').device, { major: 1, minor: 3 });
  assert.deepEqual(statAt(dir.fd, 'big').device, { major: 259, minor: 70_000 });
  assert.equal(statAt(dir.fd, 'pipe').type, FILE_TYPE.fifo);
  const link = statAt(dir.fd, 'link');
  assert.deepEqual([link.type, link.uid, link.gid, link.modified], [FILE_TYPE.symlink, 12, 34, { seconds: -5, nanoseconds: 123_456_789 }]);
  assert.equal(readLinkAt(dir.fd, 'link').toString(), '/nowhere');
  const file = statAt(dir.fd, 'f');
  assert.deepEqual([file.mode, file.links, file.sizeBytes], [0o4755, 2, 1]);
  assert.deepEqual(getXattrAt(dir.fd, 'f', 'user.a'), Buffer.from([0, 1, 2]));
  assert.equal(getXattrAt(dir.fd, 'link', 'trusted.b')?.length, 600);
  assert.equal(getXattrAt(dir.fd, 'f', 'user.none'), undefined);
  assert.deepEqual(listXattrsAt(dir.fd, 'f'), ['user.a']);
  assert.throws(() => chmodAt(dir.fd, 'link', 0o777), (thrown) => ['EOPNOTSUPP', 'ENOTSUP', 'ELOOP'].includes(codeOf(thrown) ?? ''));
});

test('a name need not be UTF-8, and holds no NUL', () => {
  using place = temporary();
  using dir = Directory.open(place.path);
  const name = Buffer.from([0xff, 0xfe, 0]);
  makeFolderAt(dir.fd, name, 0o755);
  assert.deepEqual([...namesIn(dir.fd)].map((each) => Buffer.from(each)), [name]);
  assert.throws(() => unlinkAt(dir.fd, 'a\0b'), fails('EINVAL'));
  removeTreeAt(dir.fd, name);
});

test('a lookup leads out of a root neither by .. nor by a link', () => {
  using place = temporary();
  mkdirSync(join(place.path, 'root/etc'), { recursive: true });
  writeFileSync(join(place.path, 'root/etc/passwd'), 'inside');
  symlinkSync('/etc/passwd', join(place.path, 'root/absolute'));
  symlinkSync('../../../../../../etc/passwd', join(place.path, 'root/relative'));
  symlinkSync('/proc/self/root', join(place.path, 'root/magic'));
  using root = ContainerRoot.open(join(place.path, 'root'));
  for (const path of ['/etc/passwd', 'absolute', 'relative', '../../etc/passwd']) {
    const fd = root.openFile(path, O.rdonly);
    assert.equal(readFileSync(fd, 'utf8'), 'inside', path);
    closeSync(fd);
  }
  assert.throws(() => root.openFile('magic/etc/passwd', O.rdonly), fails('ENOENT'));
  assert.throws(() => openAt(root.fd, 'absolute', { flags: O.rdonly, resolve: RESOLVE.beneath }), fails('EXDEV'));
  assert.throws(() => openAt(root.fd, '../root/etc/passwd', { flags: O.rdonly, resolve: RESOLVE.beneath }), fails('EXDEV'));
  assert.throws(() => openAt(root.fd, 'absolute', { flags: O.rdonly, resolve: RESOLVE.noSymlinks }), fails('ELOOP'));
  const { parent, name } = root.openParent('/etc/../etc/./shadow');
  using _parent = parent;
  assert.equal(name, 'shadow');
});

test('a rename takes a place only where it may', () => {
  using place = temporary();
  using dir = Directory.open(place.path);
  for (const name of ['a', 'b']) {
    const fd = openAt(dir.fd, name, { flags: O.creat | O.excl | O.wronly, mode: 0o600 });
    writeSync(fd, name);
    closeSync(fd);
  }
  assert.throws(() => renameAt({ dir: dir.fd, name: 'a' }, { dir: dir.fd, name: 'b' }, true), fails('EEXIST'));
  renameAt({ dir: dir.fd, name: 'a' }, { dir: dir.fd, name: 'b' });
  assert.equal(readFileSync(join(place.path, 'b'), 'utf8'), 'a');
});

test('a tree deeper than any path is removed, and what its links name stays', () => {
  using place = temporary();
  writeFileSync(join(place.path, 'kept'), '');
  mkdirSync(join(place.path, 'deep'));
  let fd = openSync(join(place.path, 'deep'), constants.O_DIRECTORY);
  for (let level = 0; level < 2000; level++) {
    makeFolderAt(fd, 'sub', 0o755);
    symlinkAt(join(place.path, 'kept'), fd, 'link');
    const below = openAt(fd, 'sub', { flags: O.directory });
    closeSync(fd);
    fd = below;
  }
  closeSync(fd);
  using dir = Directory.open(place.path);
  removeTreeAt(dir.fd, 'deep');
  assert.throws(() => lstatSync(join(place.path, 'deep')), fails('ENOENT'));
  assert.ok(lstatSync(join(place.path, 'kept')));
});

test('a name is removed where nothing hangs on it', () => {
  using made = mkdtempDisposableSync(join(tmpdir(), 'onggi-names-'));
  const folder = made.path;
  mkdirSync(join(folder, 'full/inner'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('full', join(folder, 'link'));
  using opened = Directory.open(folder);

  for (const name of ['empty', 'file', 'link']) assert.equal(removeNameAt(opened.fd, name), true);
  assert.equal(removeNameAt(opened.fd, 'full'), false);
  assert.throws(() => removeNameAt(opened.fd, 'nothing'), (thrown) => codeOf(thrown) === 'ENOENT');

  assert.deepEqual(readdirSync(folder), ['full']);
  assert.equal(removeTreeAt(opened.fd, 'full', 1), true);
});
