import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'node:test';
import { isMountPoint } from './mount-table.ts';
import { inNetNamespace, makeNetNamespace, openNetNamespace, removeNetNamespace } from './namespaces.ts';
import { inSandbox } from './testing.ts';

const here = (): string => readlinkSync('/proc/thread-self/ns/net');

if (inSandbox(import.meta.url)) {
  const root = mkdtempSync('/tmp/hostnet-netns-');
  test.after(() => rmSync(root, { recursive: true }));

  test('a named namespace is made, entered for a moment, and removed', () => {
    const home = here();
    const path = join(root, 'a');
    const inside = makeNetNamespace(path, here);
    assert.notEqual(inside, home);
    assert.equal(here(), home);
    const descriptor = openNetNamespace(path);
    assert.equal(inNetNamespace(descriptor, here), inside);
    assert.throws(() => inNetNamespace(descriptor, () => assert.fail('inside')), /inside/);
    assert.equal(here(), home);
    closeSync(descriptor);
    removeNetNamespace(path);
    assert.equal(existsSync(path), false);
  });

  test('a failure inside leaves no namespace', () => {
    const home = here();
    const path = join(root, 'b');
    assert.throws(() => makeNetNamespace(path, () => assert.fail('inside')), /inside/);
    assert.equal(here(), home);
    assert.equal(existsSync(path), false);
    assert.equal(isMountPoint(path), false);
  });

  test('a name that is taken is left as it is', () => {
    const path = join(root, 'c');
    const inside = makeNetNamespace(path, here);
    assert.throws(() => makeNetNamespace(path, here), { code: 'EEXIST' });
    const descriptor = openNetNamespace(path);
    assert.equal(inNetNamespace(descriptor, here), inside);
    closeSync(descriptor);
    removeNetNamespace(path);
  });

  test('a server that was bound inside keeps its place', async () => {
    assert.ok('lo' in networkInterfaces());
    const path = join(root, 'd');
    makeNetNamespace(path, () => undefined);
    const descriptor = openNetNamespace(path);
    const server = createServer();
    // A host name, even a number, would be looked up first and the server bound later, outside.
    inNetNamespace(descriptor, () => server.listen(8053));
    await once(server, 'listening');
    const other = createServer().listen(8053);
    await once(other, 'listening');
    server.close();
    other.close();
    closeSync(descriptor);
    removeNetNamespace(path);
  });
}
