import assert from 'node:assert/strict';
import test from 'node:test';
import { resolveUser, type ReadInRoot } from './users.ts';

const FILES: Readonly<Record<string, string>> = {
  '/etc/passwd': `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
# a comment
app:x:1009:1010:App:/home/app:/bin/sh
1234:x:77:78::/srv:/bin/sh
broken:x:zero:zero::/:/bin/sh
`,
  '/etc/group': 'root:x:0:\nadm:x:4:app,syslog\ntty:x:5:\nstaff:x:50:app\napp:x:1010:\nextra:x:2000:\n',
};
const readInRoot: ReadInRoot = async (path) => FILES[path];
const nothing: ReadInRoot = async () => undefined;

// The values are those of config.json as dockerd 28.5 wrote it for the same files.
const SEEN: readonly (readonly [string, readonly string[], object])[] = [
  ['', [], { uid: 0, gid: 0, additionalGids: [0], home: '/root' }],
  ['app', [], { uid: 1009, gid: 1010, additionalGids: [1010, 4, 50], home: '/home/app' }],
  ['app:', [], { uid: 1009, gid: 1010, additionalGids: [1010, 4, 50], home: '/home/app' }],
  ['1009', [], { uid: 1009, gid: 1010, additionalGids: [1010, 4, 50], home: '/home/app' }],
  ['app:extra', [], { uid: 1009, gid: 2000, additionalGids: [2000], home: '/home/app' }],
  ['5555:6666', [], { uid: 5555, gid: 6666, additionalGids: [6666], home: '/' }],
  ['1234', [], { uid: 1234, gid: 0, additionalGids: [0], home: '/' }],
  ['4321', [], { uid: 4321, gid: 0, additionalGids: [0], home: '/' }],
  [':0', [], { uid: 0, gid: 0, additionalGids: [0], home: '/root' }],
  ['app', ['extra', '77'], { uid: 1009, gid: 1010, additionalGids: [1010, 4, 50, 2000, 77], home: '/home/app' }],
  ['4321:22', ['5'], { uid: 4321, gid: 22, additionalGids: [22, 5], home: '/' }],
];

for (const [user, groupAdd, expected] of SEEN) {
  test(`--user '${user}' --group-add '${groupAdd.join(' ')}'`, async () => {
    assert.deepEqual(await resolveUser(user, groupAdd, readInRoot), expected);
  });
}

test('an image without passwd and group files runs root and numbers', async () => {
  assert.deepEqual(await resolveUser('', [], nothing), { uid: 0, gid: 0, additionalGids: [0], home: '/' });
  assert.deepEqual(await resolveUser('7:8', ['9'], nothing), { uid: 7, gid: 8, additionalGids: [8, 9], home: '/' });
});

test('unknown names and impossible numbers get the words of Docker', async () => {
  const refused = async (user: string, groupAdd: string[], message: string): Promise<void> => {
    await assert.rejects(resolveUser(user, groupAdd, readInRoot), { kind: 'internal', message });
  };
  await refused('nosuch', [], 'unable to find user nosuch: no matching entries in passwd file');
  await refused('a:b:c', [], 'unable to find user a: no matching entries in passwd file');
  await refused('app:nosuch', [], 'unable to find group nosuch: no matching entries in group file');
  await refused('', ['nosuch'], 'unable to find group nosuch: no matching entries in group file');
  for (const user of ['99999999999', '-1', '0:99999999999']) await refused(user, [], 'uids and gids must be in range 0-2147483647');
  await refused('', ['-1'], 'uids and gids must be in range 0-2147483647');
});

test('a line whose numbers do not parse is nobody, not root', async () => {
  await assert.rejects(resolveUser('broken', [], readInRoot), /unable to find user broken/);
});
