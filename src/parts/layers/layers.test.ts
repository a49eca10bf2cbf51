import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, lstatSync, mkdirSync, mkdtempDisposableSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { isKind } from '#base/errors.ts';
import { Growth } from '#base/growth.ts';
import { Directory } from '#parts/host/container-root.ts';
import { FILE_TYPE, statAt } from '#parts/host/files.ts';
import { getXattrAt } from '#parts/host/xattrs.ts';
import { digestOf, type Digest } from '#parts/oci/digest.ts';
import { makeTar, type TestEntry } from '#parts/tar/testing.ts';
import { LayerWorkers } from './layer-workers.ts';
import { DEFAULT_LIMITS, unpack, type Unpacked, type UnpackLimits } from './unpack.ts';

interface Place extends Disposable {
  readonly root: string;
  put(archive: Uint8Array): string;
  unpack(archive: Uint8Array, some?: { digest?: Digest; diffId?: Digest; limits?: UnpackLimits }): Promise<Unpacked>;
}

function place(): Place {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'store-layer-'));
  const root = join(folder.path, 'root');
  mkdirSync(root);
  const put = (archive: Uint8Array): string => {
    writeFileSync(join(folder.path, 'blob'), archive);
    return join(folder.path, 'blob');
  };
  return {
    root,
    put,
    unpack: (archive, some = {}) => unpack({ source: put(archive), folder: root, digest: some.digest, diffId: some.diffId, limits: some.limits ?? DEFAULT_LIMITS }, () => false),
    [Symbol.dispose]: () => folder.remove(),
  };
}

const dir = (name: string, some: Partial<TestEntry> = {}): TestEntry => ({ name, type: 'directory', ...some });
const link = (name: string, linkPath: string): TestEntry => ({ name, type: 'symlink', linkPath });
const opaque = (folder: Directory, name: string): string | undefined => getXattrAt(folder.fd, name, 'trusted.overlay.opaque')?.toString();

test('every kind of entry is made as the archive says', async () => {
  using to = place();
  const time = { seconds: 1_600_000_000, nanoseconds: 123_456_789 };
  const result = await to.unpack(makeTar([
    dir('./', { mode: 0o751, modified: time }),
    dir('d', { mode: 0o1777, uid: 5, gid: 6, modified: time }),
    { name: 'd/f', data: 'hello', mode: 0o4755, uid: 1000, gid: 1001, modified: time, xattrs: new Map([['user.a', Buffer.from('b')], ['trusted.overlay.redirect', Buffer.from('/etc')]]) },
    { name: 'd/hard', type: 'link', linkPath: './d/f' },
    { ...link('d/soft', '/absolute'), uid: 7, modified: time },
    { name: 'null', type: 'character', device: { major: 1, minor: 3 }, mode: 0o666 },
    { name: 'pipe', type: 'fifo', mode: 0o600 },
    { name: 'a/b/c', data: 'x' },
    { name: 'bin\xff', data: '' },
  ]));
  using root = Directory.open(to.root);
  using d = Directory.open(join(to.root, 'd'));
  const file = statAt(d.fd, 'f');
  assert.deepEqual([file.mode, file.uid, file.gid, file.links, file.modified], [0o4755, 1000, 1001, 2, time]);
  assert.equal(getXattrAt(d.fd, 'f', 'user.a')?.toString(), 'b');
  assert.equal(getXattrAt(d.fd, 'f', 'trusted.overlay.redirect'), undefined);
  assert.deepEqual([statAt(root.fd, 'd').mode, statAt(root.fd, 'd').modified, statAt(root.fd, '.').mode, statAt(root.fd, '.').modified], [0o1777, time, 0o751, time]);
  assert.deepEqual([statAt(d.fd, 'soft').uid, statAt(d.fd, 'soft').modified, readlinkSync(join(to.root, 'd/soft'))], [7, time, '/absolute']);
  assert.deepEqual([statAt(root.fd, 'null').type, statAt(root.fd, 'null').device, statAt(root.fd, 'null').mode], [FILE_TYPE.character, { major: 1, minor: 3 }, 0o666]);
  assert.equal(statAt(root.fd, 'pipe').type, FILE_TYPE.fifo);
  assert.equal(statAt(root.fd, 'a').mode, 0o755);
  assert.deepEqual(result.impliedFolders, ['a', 'a/b']);
  assert.equal(result.sizeBytes, 'hello'.length + '/absolute'.length + 1);
});

test('whiteouts become what overlayfs reads, and hide only what lies below', async () => {
  using to = place();
  await to.unpack(makeTar([
    dir('a'), { name: 'a/.wh.gone', data: '' }, { name: 'a/.wh..wh..opq', data: '' },
    { name: '.wh.before', data: '' }, dir('before'), { name: 'before/own', data: '1' },
    dir('after'), { name: 'after/own', data: '2' }, { name: '.wh.after', data: '' },
    { name: 'own', data: '3' }, { name: '.wh.own', data: '' },
    { name: '.wh.implied', data: '' }, { name: 'implied/own', data: '4' },
    { name: '.wh..wh.plnk', data: 'aufs' },
  ]));
  using root = Directory.open(to.root);
  using a = Directory.open(join(to.root, 'a'));
  assert.deepEqual([statAt(a.fd, 'gone').type, statAt(a.fd, 'gone').device], [FILE_TYPE.character, { major: 0, minor: 0 }]);
  for (const name of ['a', 'before', 'after', 'implied']) assert.equal(opaque(root, name), 'y', name);
  for (const name of ['before/own', 'after/own', 'own', 'implied/own']) assert.ok(lstatSync(join(to.root, name)).isFile(), name);
  assert.equal(existsSync(join(to.root, '.wh..wh.plnk')), false);
});

test('of two entries of one name the later stays, whatever they are', async () => {
  using to = place();
  const result = await to.unpack(makeTar([
    { name: 'f', data: 'first' }, { name: 'f', data: '2nd' },
    dir('x'), dir('x/y'), { name: 'x/y/z', data: 'deep' }, { name: 'x', data: 'file' },
    { name: 'y', data: 'file' }, dir('y'), { name: 'y/in', data: 'in' },
    dir('z'), { name: 'z/kept', data: 'k' }, dir('z', { mode: 0o700 }),
    dir('r'), { name: 'r/1', data: '1' }, link('r', 'z'), { name: 'r/2', data: '2' },
    { name: 'f', type: 'link', linkPath: './f' }, { name: 'h', type: 'link', linkPath: 'f' }, { name: 'h', type: 'link', linkPath: 'f' },
  ]));
  assert.equal(readFileSync(join(to.root, 'f'), 'utf8'), '2nd');
  assert.equal(readFileSync(join(to.root, 'x'), 'utf8'), 'file');
  assert.equal(readFileSync(join(to.root, 'y/in'), 'utf8'), 'in');
  assert.equal(readFileSync(join(to.root, 'z/kept'), 'utf8'), 'k');
  assert.equal(lstatSync(join(to.root, 'z')).mode & 0o777, 0o700);
  assert.equal(readFileSync(join(to.root, 'z/2'), 'utf8'), '2', 'a folder that was replaced by a link is looked up anew');
  assert.equal(result.sizeBytes, '2ndfileinkz2'.length);
});

test('a path may be as deep as the kernel takes it', async () => {
  using to = place();
  const deep = 'd/'.repeat(900);
  const { impliedFolders } = await to.unpack(makeTar([{ name: `${deep}f`, data: 'bottom' }, { name: `${deep}g`, data: '' }]));
  assert.equal(impliedFolders.length, 900);
  assert.equal(readFileSync(join(to.root, deep, 'f'), 'utf8'), 'bottom');
  await assert.rejects(to.unpack(makeTar([{ name: `${'d/'.repeat(5000)}f`, data: '' }])), /its name is too long/);
  await assert.rejects(to.unpack(makeTar([{ name: 'n'.repeat(300), data: '' }])), /ENAMETOOLONG/);
});

test('links that stay inside are followed, as in a container', async () => {
  using to = place();
  await to.unpack(makeTar([
    dir('run'), dir('var'), link('var/run', '/run'), { name: 'var/run/pid', data: '1' },
    dir('usr'), dir('usr/bin'), link('bin', 'usr/bin'), { name: 'bin/sh', data: 'sh' },
    link('var/up', '../usr'), { name: 'var/up/lib/x', data: 'x' }, { name: 'hard', type: 'link', linkPath: 'var/run/pid' },
  ]));
  assert.equal(readFileSync(join(to.root, 'run/pid'), 'utf8'), '1');
  assert.equal(readFileSync(join(to.root, 'usr/bin/sh'), 'utf8'), 'sh');
  assert.equal(readFileSync(join(to.root, 'usr/lib/x'), 'utf8'), 'x');
  assert.equal(lstatSync(join(to.root, 'hard')).nlink, 2);
});

test('an archive that leads out of its root is refused by the entry that does', async () => {
  using outside = mkdtempDisposableSync(join(tmpdir(), 'store-outside-'));
  const up = `${'../'.repeat(20)}${outside.path.slice(1)}`;
  const cases: [TestEntry[], RegExp][] = [
    [[{ name: '../evil', data: 'x' }], /archive entry "\.\.\/evil" climbs out of its root/],
    [[{ name: 'a/../../evil', data: 'x' }], /"a\/\.\.\/\.\.\/evil" climbs out/],
    [[link('l', up), { name: 'l/evil', data: 'x' }], /"l\/evil" leads out of its root through a symbolic link/],
    [[link('l', outside.path), { name: 'l/evil', data: 'x' }], /"l\/evil"/],
    [[link('l', up), { name: 'l/.wh.evil', data: '' }], /"l\/\.wh\.evil" leads out/],
    [[{ name: 'h', type: 'link', linkPath: '../../etc/passwd' }], /"h"|climbs out/],
    [[{ name: 'h', type: 'link', linkPath: '/etc/passwd' }], /"h": a hard link to "\/etc\/passwd", which is not in this archive/],
    [[link('l', '/etc'), { name: 'h', type: 'link', linkPath: 'l/passwd' }], /not in this archive|"l\/passwd"|no folder/],
    [[link('loop', 'loop'), { name: 'loop/x', data: '' }], /too many levels/],
    [[{ name: 'f', data: '' }, { name: 'f/x', data: '' }], /"f\/x": a part of its path is no folder/],
    [[{ name: '.wh...', data: '' }], /a whiteout without a name/],
    [[{ name: '.', data: 'x' }], /"\.": only a folder can be the root/],
  ];
  for (const [entries, message] of cases) {
    using to = place();
    await assert.rejects(to.unpack(makeTar(entries)), (thrown) => {
      assert.ok(isKind(thrown, 'invalid'), String(thrown));
      assert.match(thrown.message, message);
      return true;
    });
  }
  {
    using to = place();
    await to.unpack(makeTar([link('l', outside.path), { name: 'l', data: 'replaced, not followed' }]));
  }
  assert.deepEqual(execFileSync('ls', ['-A', outside.path]).toString(), '');
});

test('packed layers are read, and verified packed and unpacked', async () => {
  const archive = makeTar([{ name: 'f', data: Buffer.alloc(3_000_000, 'onggi') }]);
  const diffId = digestOf(archive);
  for (const packed of [archive, gzipSync(archive), zstdCompressSync(archive), Buffer.concat([gzipSync(archive.subarray(0, 9999)), gzipSync(archive.subarray(9999))])]) {
    using to = place();
    const result = await to.unpack(packed, { digest: digestOf(packed), diffId });
    assert.deepEqual([result.diffId, result.tarBytes, result.sizeBytes], [diffId, archive.length, 3_000_000]);
  }
  const wrong = digestOf('other');
  using to = place();
  await assert.rejects(to.unpack(gzipSync(archive), { diffId: wrong }), /unpacked layer: the content does not match its digest/);
  using second = place();
  await assert.rejects(second.unpack(gzipSync(archive), { digest: wrong }), /layer: the content does not match its digest/);
});

test('damaged layers are refused', async () => {
  const archive = makeTar([{ name: 'f', data: Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) % 251)) }]);
  for (const packed of [archive, gzipSync(archive), zstdCompressSync(archive)]) {
    using to = place();
    await assert.rejects(to.unpack(packed.subarray(0, packed.length >> 1)), (thrown) => isKind(thrown, 'invalid') && /unexpected EOF/.test(thrown.message));
  }
  using to = place();
  const flipped = gzipSync(archive);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 0xff;
  await assert.rejects(to.unpack(flipped), (thrown) => isKind(thrown, 'invalid'));
  using other = place();
  await assert.rejects(other.unpack(Buffer.from('BZh91AY&SY')), /bzip2-compressed layers are not supported/);
  using text = place();
  await assert.rejects(text.unpack(Buffer.alloc(1024, 'no tar at all ')), /invalid tar header/);
});

test('a layer that expands without measure is stopped', async () => {
  const archive = makeTar([{ name: 'zeros', data: Buffer.alloc(20_000_000) }]);
  const limits = { ...DEFAULT_LIMITS, ratioFreeBytes: 1_000_000, maxRatio: 100 };
  using ratio = place();
  await assert.rejects(ratio.unpack(zstdCompressSync(archive), { limits }), /expands to more than 100 times/);
  using bytes = place();
  await assert.rejects(bytes.unpack(archive, { limits: { ...DEFAULT_LIMITS, maxBytes: 10_000_000 } }), /larger than 10000000 bytes/);
  using many = place();
  await assert.rejects(many.unpack(makeTar([dir('a'), dir('b')]), { limits: { ...DEFAULT_LIMITS, maxEntries: 1 } }), /more than 1 entries/);
});

test('workers unpack, remove, refuse and stop on demand', async () => {
  using to = place();
  await using workers = new LayerWorkers(2);
  const archive = makeTar([{ name: 'a/f', data: 'x' }]);
  const job = { source: to.put(archive), folder: to.root, digest: undefined, diffId: undefined, limits: DEFAULT_LIMITS };
  const never = new AbortController().signal;
  assert.equal((await workers.unpack(job, never)).diffId, digestOf(archive));
  await assert.rejects(workers.unpack({ ...job, diffId: digestOf('x') }, never), (thrown) => isKind(thrown, 'invalid'));
  await Promise.all([workers.removeTree(join(to.root, 'a')), workers.removeTree(join(to.root, 'none'))]);
  assert.equal(existsSync(join(to.root, 'a')), false);
  const stop = new AbortController();
  const stopped = workers.unpack(job, stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(stopped, /enough/);
});

test('a blob is unpacked while it is written, and given up where it does not come', { timeout: 30_000 }, async () => {
  using to = place();
  await using workers = new LayerWorkers(1);
  const archive = makeTar([{ name: 'first', data: Buffer.alloc(3_000_000, 'a') }, dir('d'), { name: 'd/second', data: 'b' }]);
  const source = to.put(archive.subarray(0, 100));
  const job = (growth: Growth): Parameters<LayerWorkers['unpack']>[0] => ({ source, folder: to.root, digest: undefined, diffId: undefined, limits: DEFAULT_LIMITS, growth: growth.memory });
  const never = new AbortController().signal;

  const growth = new Growth();
  const unpacking = workers.unpack(job(growth), never);
  for (let at = 100; at < archive.length; at += 500_000) {
    growth.reached(at);
    await pause(3);
    appendFileSync(source, archive.subarray(at, at + 500_000));
  }
  growth.reached(archive.length);
  growth.end();
  const { digest, diffId, compression } = await unpacking;
  assert.deepEqual([digest, diffId, compression], [digestOf(archive), digestOf(archive), 'none']);
  assert.equal(readFileSync(join(to.root, 'd/second'), 'utf8'), 'b');

  const failing = new Growth();
  setTimeout(() => failing.fail(), 5);
  await assert.rejects(workers.unpack(job(failing), never), (thrown) => isKind(thrown, 'unavailable'));
  await assert.rejects(workers.unpack(job(new Growth()), never), /comes too slowly/);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('enough')), 5);
  await assert.rejects(workers.unpack(job(new Growth()), stop.signal), /enough/);
});

test('whatever an archive holds, nothing is made outside', async () => {
  const name = fc.array(fc.constantFrom('a', 'b', 'c', '..', '.', '/', '.wh.a', '.wh..wh..opq', 'l'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const entry = fc.record({
    name,
    type: fc.constantFrom('file', 'directory', 'symlink', 'link', 'fifo', 'character'),
    linkPath: fc.constantFrom('', '/', '..', '../..', 'a', '/a/b', '../guard', 'l', '/etc'),
  });
  using folder = mkdtempDisposableSync(join(tmpdir(), 'store-fuzz-'));
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
      const inner = join(folder.path, `in-${Math.random()}`);
      mkdirSync(join(inner, 'root'), { recursive: true });
      writeFileSync(join(inner, 'guard'), 'untouched');
      const tar = makeTar(entries.map((each) => ({ ...each, linkPath: each.type === 'link' || each.type === 'symlink' ? each.linkPath : '' }) as TestEntry));
      writeFileSync(join(inner, 'blob'), tar);
      try {
        await unpack({ source: join(inner, 'blob'), folder: join(inner, 'root'), digest: undefined, diffId: undefined, limits: DEFAULT_LIMITS }, () => false);
      } catch (thrown) {
        assert.ok(isKind(thrown, 'invalid'), String((thrown as Error).stack));
      }
      assert.equal(execFileSync('ls', ['-A', inner]).toString(), 'blob\nguard\nroot\n');
      assert.equal(lstatSync(join(inner, 'guard')).nlink, 1);
      assert.equal(readFileSync(join(inner, 'guard'), 'utf8'), 'untouched');
    }),
    { numRuns: 150 },
  );
});
