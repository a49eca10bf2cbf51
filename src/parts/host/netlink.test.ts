import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { addAddress, addressBytes, addressText, deleteAddress, isInSubnet, listAddresses } from './addresses.ts';
import { createBridge, createVeth, deleteLink, deleteLinkOnThread, findLink, listLinks, setLink } from './links.ts';
import { inNetNamespace, makeNetNamespace, openNetNamespace, removeNetNamespace } from './namespaces.ts';
import { RouteSocket } from './netlink.ts';
import { addRoute, listRoutes } from './routes.ts';
import { inSandbox } from './testing.ts';

if (inSandbox(import.meta.url)) {
  const root = mkdtempSync('/tmp/hostnet-netlink-');
  test.after(() => rmSync(root, { recursive: true }));
  const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

  test('a bridge with an address, and a pair into another namespace that can ping it', () => {
    using here = new RouteSocket();
    createBridge(here, 'br-test', { mac: '02:00:00:00:00:01', mtu: 1400, up: true });
    const bridge = findLink(here, 'br-test');
    assert.ok(bridge);
    assert.deepEqual({ ...bridge, index: 0 }, { index: 0, name: 'br-test', mac: '02:00:00:00:00:01', mtu: 1400, up: true, master: 0, kind: 'bridge' });
    addAddress(here, { index: bridge.index, address: '10.9.0.1', prefixLength: 16 });
    assert.match(ip('addr', 'show', 'br-test'), /inet 10\.9\.0\.1\/16 brd 10\.9\.255\.255 scope global/);
    assert.ok(listAddresses(here).some(({ address, prefixLength }) => address === '10.9.0.1' && prefixLength === 16));
    assert.ok(listRoutes(here).some(({ destination, prefixLength }) => destination === '10.9.0.0' && prefixLength === 16));

    const path = join(root, 'peer');
    makeNetNamespace(path, () => undefined);
    const namespace = openNetNamespace(path);
    createVeth(here, { name: 'veth0', master: bridge.index, up: true, peer: { name: 'eth0', netNamespace: namespace, mac: '02:00:00:00:00:02' } });
    assert.equal(findLink(here, 'veth0')?.master, bridge.index);
    inNetNamespace(namespace, () => {
      using there = new RouteSocket();
      const index = findLink(there, 'eth0')?.index ?? 0;
      assert.equal(findLink(there, 'eth0')?.mac, '02:00:00:00:00:02');
      addAddress(there, { index, address: '10.9.0.2', prefixLength: 16 });
      setLink(there, index, { up: true });
      addRoute(there, { destination: '0.0.0.0', prefixLength: 0, gateway: '10.9.0.1', index });
      assert.deepEqual(listRoutes(there)[0], { destination: '0.0.0.0', prefixLength: 0, gateway: '10.9.0.1', index });
    });
    execFileSync('nsenter', [`--net=${path}`, 'busybox', 'ping', '-c1', '-W2', '10.9.0.1']);
    closeSync(namespace);
    deleteLink(here, 'veth0');
    assert.equal(findLink(here, 'veth0'), undefined);
    removeNetNamespace(path);
    deleteLink(here, 'br-test');
  });

  test('errors bear their code and the words of the kernel', () => {
    using socket = new RouteSocket();
    createBridge(socket, 'br-twice');
    assert.throws(() => createBridge(socket, 'br-twice'), { code: 'EEXIST' });
    assert.throws(() => addRoute(socket, { destination: '10.1.0.0', prefixLength: 16, gateway: '10.2.0.1', index: 1 }), /add route.*(unreach|gateway|invalid)/i);
    assert.equal(findLink(socket, 'absent'), undefined);
    deleteLink(socket, 'absent');
    deleteLink(socket, 'br-twice');
  });

  test('five hundred interfaces are listed, renamed, moved and removed', async () => {
    using socket = new RouteSocket();
    for (let index = 0; index < 250; index++) createVeth(socket, { name: `a${index}`, peer: { name: `b${index}` } });
    assert.equal(listLinks(socket).filter(({ kind }) => kind === 'veth').length, 500);
    const index = findLink(socket, 'a0')?.index ?? 0;
    setLink(socket, index, { name: 'renamed', mtu: 1300 });
    assert.equal(findLink(socket, 'renamed')?.mtu, 1300);
    setLink(socket, index, { up: true });
    const lo = findLink(socket, 'lo')?.index ?? 0;
    addAddress(socket, { index: lo, address: 'fd00::5', prefixLength: 64 });
    assert.ok(listAddresses(socket).some(({ address }) => address === 'fd00::5'));
    deleteAddress(socket, { index: lo, address: 'fd00::5', prefixLength: 64 });
    await deleteLinkOnThread(socket, 'renamed');
    await deleteLinkOnThread(socket, 'renamed');
    assert.equal(findLink(socket, 'b0'), undefined);
  });
}

test('addresses as bytes and as text', () => {
  for (const text of ['172.17.0.2', '::', '::1', 'fe80::1', '2001:db8::2:0:0:1', 'fd00:1:2:3:4:5:6:7', '2001:db8:0:1:1:1:1:1', '::ffff:7f00:1']) {
    assert.equal(addressText(addressBytes(text)), text);
  }
  assert.equal(addressText(addressBytes('::ffff:127.0.0.1')), '::ffff:7f00:1');
  assert.equal(isInSubnet('172.17.3.4', '172.17.0.0', 16), true);
  assert.equal(isInSubnet('172.18.3.4', '172.17.0.0', 16), false);
});
