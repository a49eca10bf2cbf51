import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, onggi, onggiOk, removing } from '../support/commands.ts';

before(busybox);

test('commit makes an image that has what was changed and not what was deleted', async () => {
  await using _gone = removing('worker');
  await dockerOk('run', '-d', '--name', 'worker', '-e', 'OLD=1', '--label', 'own=yes', 'busybox', 'sh', '-c', 'mkdir /d; echo kept > /d/f; rm /bin/vi; rm -r /var; mkdir /var; echo ready; sleep 1000');
  while (!(await dockerOk('logs', 'worker')).includes('ready'));
  const id = await dockerOk('commit', '-a', 'me', '-m', 'why', '-c', 'ENV NEW=2', '-c', 'CMD ["cat", "/d/f"]', '-c', 'WORKDIR /d', 'worker', 'committed:one');
  assert.match(id, /^sha256:[0-9a-f]{64}$/);
  assert.equal(await dockerOk('run', '--rm', 'committed:one'), 'kept');
  assert.equal(await dockerOk('run', '--rm', 'committed:one', 'sh', '-c', 'ls /bin/vi 2>&1; ls -A /var; echo $OLD $NEW; pwd'), 'ls: /bin/vi: No such file or directory\n1 2\n/d');
  assert.equal(await dockerOk('inspect', '-f', '{{.Author}} {{.Comment}} {{.Config.Labels.own}}', 'committed:one'), 'me why yes');
  assert.equal(await dockerOk('inspect', '-f', '{{.State.Status}}', 'worker'), 'running');
  assert.match(await dockerOk('history', '--format', '{{.Comment}}|{{.CreatedBy}}', '--no-trunc', 'committed:one'), /^why\|sh -c mkdir/);
  await dockerOk('rmi', 'committed:one');
});

test('a container that changed nothing adds no layer; onggi has the same flags', async () => {
  await using _gone = removing('idle');
  await dockerOk('create', '--name', 'idle', 'busybox', 'true');
  await onggiOk('commit', '--message', 'nothing', '--pause=false', 'idle', 'committed:two');
  const layers = (ref: string): Promise<string> => dockerOk('inspect', '-f', '{{json .RootFS.Layers}}', ref);
  assert.equal(await layers('committed:two'), await layers('busybox'));
  await dockerOk('rmi', 'committed:two');
});

test('what cannot be is refused in docker’s words', async () => {
  await using _gone = removing('refused');
  await dockerOk('create', '--name', 'refused', 'busybox', 'true');
  for (const client of [docker, onggi]) {
    const said = async (...words: string[]): Promise<string> => (await client('commit', ...words)).stderr.trim();
    assert.equal(await said('nothing-of-that-name'), 'Error response from daemon: No such container: nothing-of-that-name');
    assert.equal(await said('refused', 'BAD'), 'invalid reference format: repository name (library/BAD) must be lowercase');
    assert.equal(await said('-c', 'RUN x', 'refused'), 'Error response from daemon: RUN is not a valid change command');
  }
});
