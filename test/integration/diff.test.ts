import assert from 'node:assert/strict';
import { mkdtempDisposableSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, onggi, onggiOk, removing, run } from '../support/commands.ts';

before(busybox);

test('diff tells what a container changed, whether it runs or not', async () => {
  await using _gone = removing('changer', 'idle');
  await dockerOk('run', '-d', '--name', 'changer', '-v', '/volume', 'busybox', 'sh', '-c', 'mkdir -p /d/e; echo x > /d/e/f; rm /bin/vi; echo more >> /etc/passwd; touch /etc/hosts; echo ready; sleep 1000');
  while (!(await dockerOk('logs', 'changer')).includes('ready'));
  const wanted = ['C /bin', 'D /bin/vi', 'A /d', 'A /d/e', 'A /d/e/f', 'C /etc', 'C /etc/passwd', 'A /volume'];
  assert.deepEqual((await dockerOk('diff', 'changer')).split('\n'), wanted);
  assert.equal(await onggiOk('diff', 'changer'), await dockerOk('diff', 'changer'));
  await dockerOk('kill', 'changer');
  assert.deepEqual((await dockerOk('diff', 'changer')).split('\n'), wanted);
  await dockerOk('create', '--name', 'idle', 'busybox');
  assert.equal(await dockerOk('diff', 'idle'), '');
});

test('export writes all files, and an image made of them has them', async () => {
  await using _gone = removing('exported', 'again');
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-export-'));
  const file = join(folder.path, 'all.tar');
  await dockerOk('run', '--name', 'exported', '-v', '/volume', 'busybox', 'sh', '-c', 'echo kept > /kept; chown 5:6 /kept; chmod 4755 /kept; ln /kept /hard; echo hidden > /volume/x');
  await dockerOk('export', '-o', file, 'exported');
  const listed = await run('tar', ['--numeric-owner', '-tvf', file]);
  const files = listed.stdout.split('\n').filter((line) => !line.includes(' bin/')).join('\n');
  assert.match(files, /^-rwsr-xr-x 5\/6 +\d+ .* hard$/m);
  assert.match(files, /kept link to hard$/m);
  assert.doesNotMatch(files, /volume\/x/);
  await onggiOk('export', '-o', `${file}2`, 'exported');
  assert.equal(statSync(`${file}2`).size, statSync(file).size);
  await dockerOk('import', file, 'exported-again');
  assert.equal(await dockerOk('run', '--name', 'again', 'exported-again', 'cat', '/hard'), 'kept');
  await dockerOk('rm', 'again');
  await dockerOk('rmi', 'exported-again');
});

test('both say of what is not there', async () => {
  for (const client of [docker, onggi]) {
    for (const verb of ['diff', 'export']) {
      const { code, stderr } = await client(verb, 'nothing-of-that-name');
      assert.deepEqual([code, stderr.trim()], [1, 'Error response from daemon: No such container: nothing-of-that-name']);
    }
  }
});
