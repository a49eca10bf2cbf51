import assert from 'node:assert/strict';
import { chmodSync, mkdtempDisposableSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeRegistryAuth } from '#protocol/registry-auth.ts';
import { findLogin, forgetLogin, HUB_KEY, registryAuth, registryKey, storeLogin } from './credentials.ts';

function folder() {
  return mkdtempDisposableSync(join(tmpdir(), 'onggi-config-'));
}

test('a login is kept as Docker keeps it, readable by its owner alone, beside what else is in the file', async () => {
  using dir = folder();
  writeFileSync(join(dir.path, 'config.json'), '{"detachKeys":"ctrl-a","auths":{"other:1":{"auth":"eDp5"}}}');
  await storeLogin(dir.path, 'reg:5000', { username: 'u', password: 'p:w' });
  const file = join(dir.path, 'config.json');
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { detachKeys: 'ctrl-a', auths: { 'other:1': { auth: 'eDp5' }, 'reg:5000': { auth: Buffer.from('u:p:w').toString('base64') } } });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(await findLogin(dir.path, 'reg:5000'), { username: 'u', password: 'p:w', serveraddress: 'reg:5000' });
});

test('a pull sends the login of its registry, and none of another', async () => {
  using dir = folder();
  await storeLogin(dir.path, HUB_KEY, { username: 'u', password: 'p' });
  assert.equal(decodeRegistryAuth(await registryAuth(dir.path, 'docker.io'))?.username, 'u');
  assert.equal(await registryAuth(dir.path, 'reg:5000'), '');
});

test('a login made with an address is found by its host', async () => {
  using dir = folder();
  writeFileSync(join(dir.path, 'config.json'), JSON.stringify({ auths: { 'https://reg:5000/v2/': { auth: 'eDp5' } } }));
  assert.equal((await findLogin(dir.path, 'reg:5000'))?.password, 'y');
});

test('a logout forgets, and says whether there was anything to forget', async () => {
  using dir = folder();
  assert.equal(await forgetLogin(dir.path, registryKey('')), false);
  await storeLogin(dir.path, 'reg', { username: 'u', password: 'p' });
  assert.equal(await forgetLogin(dir.path, 'reg'), true);
  assert.equal(await findLogin(dir.path, 'reg'), undefined);
});

test('a helper program keeps the secrets where one is named', async () => {
  using dir = folder();
  const helper = join(dir.path, 'docker-credential-test');
  writeFileSync(helper, `#!/bin/sh
dir=${dir.path}
case $1 in
  store) cat > $dir/kept ;;
  get) [ -f $dir/kept ] && cat $dir/kept || { echo 'credentials not found in native keychain'; exit 1; } ;;
  erase) rm -f $dir/kept ;;
esac
`);
  chmodSync(helper, 0o755);
  writeFileSync(join(dir.path, 'config.json'), '{"credsStore":"test"}');
  const path = process.env['PATH'];
  process.env['PATH'] = `${dir.path}:${path}`;
  try {
    assert.equal(await findLogin(dir.path, 'reg'), undefined);
    await storeLogin(dir.path, 'reg', { username: 'u', password: 'p' });
    assert.deepEqual(await findLogin(dir.path, 'reg'), { serveraddress: 'reg', username: 'u', password: 'p' });
    assert.equal(readFileSync(join(dir.path, 'config.json'), 'utf8'), '{"credsStore":"test"}');
    assert.equal(await forgetLogin(dir.path, 'reg'), true);
    assert.equal(await findLogin(dir.path, 'reg'), undefined);
  } finally {
    process.env['PATH'] = path;
  }
});
