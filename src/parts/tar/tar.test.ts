import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempDisposableSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { isKind } from '#base/errors.ts';
import { entryPath, textOf } from './entry.ts';
import { makeTar, readTar } from './testing.ts';
import { plainEntry, tarHeader } from './writer.ts';

const LONG = `${'d/'.repeat(90)}${'n'.repeat(120)}`;

test('archives of GNU tar are read in all of its formats', () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'store-tar-'));
  const root = join(place.path, 'root');
  mkdirSync(join(root, 'd/'.repeat(90)), { recursive: true });
  writeFileSync(join(root, LONG), 'long');
  writeFileSync(join(root, 'file'), 'x'.repeat(1000));
  chmodSync(join(root, 'file'), 0o4755);
  linkSync(join(root, 'file'), join(root, 'hard'));
  symlinkSync('t'.repeat(150), join(root, 'soft'));
  for (const format of ['gnu', 'posix', 'oldgnu']) {
    const archive = execFileSync('tar', ['--format', format, '--sort=name', '--numeric-owner', '-C', root, '-c', '.'], { maxBuffer: 1 << 24 });
    const found = new Map(readTar(archive).map((each) => [textOf(each.entry.path), each]));
    assert.equal(found.get(`./${LONG}`)?.data.toString(), 'long', format);
    assert.equal(found.get('./file')?.entry.mode, 0o4755);
    assert.equal(found.get('./file')?.data.length, 1000);
    assert.equal(found.get('./hard')?.entry.linkPath, './file');
    assert.equal(found.get('./soft')?.entry.linkPath, 't'.repeat(150));
    assert.equal(found.get('./')?.entry.type, 'directory');
    for (const pieceBytes of [1, 511, 513, 4096]) assert.equal(readTar(archive, pieceBytes).length, found.size);
  }
});

test('what is written is read again, and GNU tar reads it too', () => {
  const entries = [
    { name: LONG, data: 'data', modified: { seconds: -3, nanoseconds: 250_000_000 } },
    { name: `${'p'.repeat(99)}/${'n'.repeat(99)}`, data: '', modified: { seconds: 1_700_000_000, nanoseconds: 5 } },
    { name: 'big', uid: 3_000_000, gid: 4_294_967_294, xattrs: new Map([['security.capability', Buffer.from([1, 10, 0, 61])]]) },
    { name: 'link', type: 'symlink' as const, linkPath: 'l'.repeat(200) },
    { name: 'dev', type: 'block' as const, device: { major: 8, minor: 17 } },
    { name: 'pipe', type: 'fifo' as const, mode: 0o7777 },
  ];
  const archive = makeTar(entries);
  const found = readTar(archive, 100);
  entries.forEach(({ name, data = '', ...some }, index) => {
    assert.deepEqual(found[index]?.entry, plainEntry('file', name, { ...some, sizeBytes: data.length }));
    assert.equal(found[index]?.data.toString(), data);
  });
  const names = execFileSync('tar', ['-t'], { input: archive }).toString().trim().split('\n');
  assert.deepEqual(names, entries.map(({ name }) => name));
});

test('a size that only PAX can say is said so', () => {
  const header = tarHeader(plainEntry('file', 'huge', { sizeBytes: 2 ** 40 }));
  assert.match(header.toString('latin1'), /size=1099511627776\n/);
});

test('what is no archive is refused', () => {
  const archive = makeTar([{ name: 'a', data: 'x'.repeat(600) }]);
  assert.throws(() => readTar(archive.subarray(0, 700)), /unexpected EOF/);
  assert.throws(() => readTar(archive.subarray(0, 100)), /unexpected EOF/);
  assert.throws(() => readTar(Buffer.alloc(2048, 'garbage')), /archive\/tar: invalid tar header/);
  const broken = Buffer.from(archive);
  broken[0] = 0x62;
  assert.throws(() => readTar(broken), /invalid tar header/);
  assert.equal(readTar(archive.subarray(0, 512 + 600)).length, 1, 'the fill and the end may be missing, as for Go');
  assert.equal(readTar(Buffer.concat([archive, Buffer.alloc(5000, 1)])).length, 1, 'what follows the end is ignored');
});

test('sparse files and unknown types are refused by name', () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'store-tar-'));
  execFileSync('truncate', ['-s', '1M', join(place.path, 'holes')]);
  for (const format of ['gnu', 'posix']) {
    const archive = execFileSync('tar', ['--sparse', '--format', format, '-C', place.path, '-c', 'holes']);
    assert.throws(() => readTar(archive), /"holes" is a sparse file/);
  }
});

test('a path stays below its root or is refused', () => {
  assert.deepEqual(entryPath('./a//b/../c/'), ['a', 'c']);
  assert.deepEqual(entryPath('/etc/passwd'), ['etc', 'passwd']);
  assert.deepEqual(entryPath('./'), []);
  for (const path of ['..', '../x', 'a/../../x', '/../x']) assert.throws(() => entryPath(path), /climbs out of its root/);
});

test('any bytes are either read or refused with an EngineError, however they are cut', () => {
  const archive = makeTar([{ name: LONG, data: 'one' }, { name: 'b', type: 'directory' }, { name: 'c', data: 'x'.repeat(700), xattrs: new Map([['user.x', new Uint8Array(3)]]) }]);
  const change = fc.record({ at: fc.nat(archive.length - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), fc.integer({ min: 1, max: 2000 }), (changes, pieceBytes) => {
      const bytes = Buffer.from(archive);
      for (const { at, byte } of changes) bytes[at] = byte;
      const attempt = (size: number): unknown => {
        try {
          return readTar(bytes, size);
        } catch (thrown) {
          assert.ok(isKind(thrown, 'invalid'), String(thrown));
          return thrown.message;
        }
      };
      assert.deepEqual(attempt(pieceBytes), attempt(bytes.length));
    }),
    { numRuns: 1500 },
  );
});
