import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempDisposableSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pack, type Header } from 'tar-stream';
import { packLocal } from './pack-local.ts';
import { unpackLocal } from './unpack-local.ts';

const same = (name: string): string => name;

function tarOf(...entries: readonly (readonly [Partial<Header> & Pick<Header, 'name'>, string?])[]): AsyncIterable<Uint8Array> {
  const archive = pack();
  for (const [header, data = ''] of entries) archive.entry(header, data);
  archive.finalize();
  return archive as AsyncIterable<Uint8Array>;
}

test('what is packed here comes out the same', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-local-'));
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at('from/d'), { recursive: true });
  writeFileSync(at('from/d/f'), 'x'.repeat(100_000), { mode: 0o640 });
  symlinkSync('d/f', at('from/link'));
  mkdirSync(at('to'));
  await unpackLocal(packLocal(at('from'), 'copy'), at('to'), same);
  assert.equal(readFileSync(at('to/copy/link'), 'utf8').length, 100_000);
  assert.deepEqual([statSync(at('to/copy/d/f')).mode & 0o777, Math.floor(statSync(at('to/copy/d')).mtimeMs / 1000)], [0o640, Math.floor(statSync(at('from/d')).mtimeMs / 1000)]);
});

test('an archive that climbs, or leads through a link of its own, writes nothing outside', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-local-'));
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at('to'));
  await assert.rejects(unpackLocal(tarOf([{ name: '../esc' }, 'x']), at('to'), same), /invalid entry name/);
  await assert.rejects(unpackLocal(tarOf([{ name: 'l', type: 'symlink', linkname: '..' }], [{ name: 'l/esc' }, 'x']), at('to'), same), /symbolic link/);
  await assert.rejects(unpackLocal(tarOf([{ name: 'h', type: 'link', linkname: '../../etc/passwd' }]), at('to'), same), /invalid entry name/);
  await unpackLocal(tarOf([{ name: 'abs', type: 'symlink', linkname: at('target') }], [{ name: 'abs' }, 'replaced']), at('to'), same);
  assert.deepEqual([existsSync(at('esc')), existsSync(at('target')), lstatSync(at('to/abs')).isFile()], [false, false, true]);
});
