import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { EngineError } from '#base/errors.ts';
import type { CommitRequest } from '#engine/containers/container-committer.ts';
import type { ContainerFiles, WriteRequest } from '#engine/containers/container-files.ts';
import { decodePathStat } from '#protocol/path-stat.ts';
import { fake, testApi } from '../testing.ts';

const facts = { name: 'd', sizeBytes: 4096, mode: 0o041777, modified: { seconds: 1_000_000_000, nanoseconds: 5_000_000 }, linkTarget: '' };
const STAT = 'x-docker-container-path-stat';

test('a path is told in a header, to HEAD and GET', async () => {
  const files = fake<ContainerFiles>({
    statPath: async (ref, path) => ({ ...facts, name: `${ref}:${path}` }),
    readArchive: async () => ({ facts, archive: Readable.from([Buffer.from('tar')]) }),
  });
  await using api = await testApi({ files });
  const head = await api.ask('HEAD', '/containers/c/archive?path=%2Fa%20b');
  assert.deepEqual([head.status, decodePathStat(String(head.headers[STAT])).name], [200, 'c:/a b']);
  const get = await api.ask('GET', '/v1.41/containers/c/archive?path=/d');
  assert.deepEqual([get.headers['content-type'], get.text], ['application/x-tar', 'tar']);
  assert.deepEqual(decodePathStat(String(get.headers[STAT])), { name: 'd', size: 4096, mode: 2 ** 31 + 2 ** 20 + 0o777, mtime: '2001-09-09T01:46:40.005Z', linkTarget: '' });
  assert.deepEqual((await api.ask('GET', '/containers/c/archive')).json(), { message: 'bad parameter: pathcannot be empty' });
  assert.equal((await api.ask('GET', '/containers/c/archive?path=%00')).status, 500);
});

test('an archive that is put says how', async () => {
  const seen: Omit<WriteRequest, 'archive'>[] = [];
  let body = '';
  const files = fake<ContainerFiles>({
    async writeArchive(_ref, { archive, ...rest }) {
      seen.push(rest);
      for await (const chunk of archive) body += Buffer.from(chunk).toString();
    },
  });
  await using api = await testApi({ files });
  const put = await api.ask('PUT', '/containers/c/archive?path=/x/&noOverwriteDirNonDir=true&copyUIDGID=1', 'bytes', { 'Content-Type': 'application/x-tar' });
  assert.deepEqual([put.status, put.text, body], [200, '', 'bytes']);
  assert.deepEqual(seen, [{ path: '/x/', noOverwriteDirNonDir: true, asContainerUser: true }]);
});

test('changes are numbers, and null where there are none; a broken export does not end like a whole one', async () => {
  const files = fake<ContainerFiles>({
    changes: async (ref) => (ref === 'same' ? [] : [{ kind: 'modified', path: '/a' }, { kind: 'deleted', path: '/a/b' }]),
    async export() {
      return (async function* broken() {
        yield Buffer.from('half');
        throw new EngineError('conflict', 'removed');
      })();
    },
  });
  await using api = await testApi({ files });
  assert.deepEqual((await api.ask('GET', '/containers/c/changes')).json(), [{ Kind: 0, Path: '/a' }, { Kind: 2, Path: '/a/b' }]);
  assert.equal((await api.ask('GET', '/containers/same/changes')).text, 'null\n');
  await assert.rejects(api.ask('GET', '/containers/c/export'));
});

test('a commit pauses unless told not to, and takes a configuration', async () => {
  const seen: CommitRequest[] = [];
  const commit = async (request: CommitRequest): Promise<string> => {
    seen.push(request);
    return 'sha256:1';
  };
  await using api = await testApi({ commit });
  const made = await api.ask('POST', '/commit?container=c&repo=r&tag=t&comment=m&author=a&changes=CMD%20x&changes=ENV%20A=1');
  assert.deepEqual([made.status, made.json()], [201, { Id: 'sha256:1' }]);
  await api.ask('POST', '/commit?container=c&pause=0', { User: '5' });
  assert.deepEqual(seen[0], { ref: 'c', repository: 'r', tag: 't', author: 'a', comment: 'm', pause: true, changes: ['CMD x', 'ENV A=1'], config: undefined });
  assert.deepEqual([seen[1]?.pause, seen[1]?.config?.user], [false, '5']);
  assert.equal((await api.ask('POST', '/commit')).status, 400);
});
