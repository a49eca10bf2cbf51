import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { silentLog } from '#base/log.ts';
import { prepareSocket } from './socket.ts';

test('a socket that was left over is removed, one that somebody answers on is not', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-socket-'));
  const path = join(folder.path, 'deep/x.sock');
  await prepareSocket(`unix://${path}`, '0', silentLog);
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  await assert.rejects(prepareSocket(`unix://${path}`, '0', silentLog), { kind: 'conflict', message: new RegExp(`^${path} is in use`) });
  assert.equal(existsSync(path), true);
  const closed = once(server, 'close');
  server.close();
  await closed;
  assert.deepEqual(await prepareSocket(`unix://${path}`, '0', silentLog), { path, mode: 0o660, gid: 0 });
});

test('a file that is no socket is not taken away', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-socket-'));
  const path = join(folder.path, 'letter');
  writeFileSync(path, 'dear all');
  await assert.rejects(prepareSocket(`unix://${path}`, '0', silentLog), { kind: 'conflict', message: /is no socket/ });
  assert.equal(readFileSync(path, 'utf8'), 'dear all');
});

test('a group that is not there is refused by name', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-socket-'));
  await assert.rejects(prepareSocket(`unix://${folder.path}/s`, 'no-such-group', silentLog), { kind: 'invalid', message: /group no-such-group not found$/ });
});
