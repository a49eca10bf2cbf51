import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inSandbox } from '#parts/host/testing.ts';
import type { PortBinding } from './network-driver.ts';
import { checkPortBindings, type WantedPort, wantedPorts } from './port-bindings.ts';
import { type HeldPort, PortTable } from './port-table.ts';

const binding = (hostPort: string, hostIp = ''): PortBinding => ({ hostIp, hostPort });
const wanted = (ports: Readonly<Record<string, readonly PortBinding[]>>, exposedPorts: readonly string[] = [], publishAll = false): readonly WantedPort[] =>
  wantedPorts({ ports, exposedPorts, publishAll }, ['0.0.0.0', '::']);

test('bindings that leave no choice come first', () => {
  const list = wanted({ '80': [binding('')], '81/udp': [binding('90-95')], '82/tcp': [binding('99', '127.0.0.1'), binding('98')] }, ['80/tcp', '7000/tcp'], true);
  assert.deepEqual(list.map(({ key, first, last }) => [key, first, last]), [['82/tcp', 99, 99], ['82/tcp', 98, 98], ['81/udp', 90, 95], ['80/tcp', 0, 0], ['7000/tcp', 0, 0]]);
  assert.deepEqual(list.map(({ hostIps }) => hostIps.join()), ['127.0.0.1', '0.0.0.0,::', '0.0.0.0,::', '0.0.0.0,::', '0.0.0.0,::']);
});

test('what is no port is refused as dockerd does', () => {
  for (const port of ['99999', 'abc', '10-5', '-1', '1-2-3', ' 1']) {
    assert.throws(() => checkPortBindings({ '80/tcp': [binding(port)] }), { kind: 'invalid', message: `invalid port specification: "${port}"` });
  }
  assert.throws(() => checkPortBindings({ 'abc/tcp': [binding('80')] }), { kind: 'invalid', message: 'invalid port specification: "abc"' });
  assert.throws(() => checkPortBindings({ '99999/tcp': [binding('80')] }), { kind: 'invalid', message: 'invalid port specification: "99999"' });
  assert.throws(() => checkPortBindings({ '80/tcp': [binding('80', 'abc')] }), { kind: 'invalid' });
  checkPortBindings({ '80': [binding('0', '[::1]')] });
});

if (inSandbox(import.meta.url)) {
  const close = (held: readonly HeldPort[]): void => held.forEach(({ descriptors }) => descriptors.forEach((descriptor) => closeSync(descriptor)));
  const listen = async (port: number, host: string): Promise<AsyncDisposable> => {
    const server = createServer().listen({ port, host, ipv6Only: true });
    await once(server, 'listening');
    return server;
  };

  test('a port has one owner, by all its addresses', async () => {
    const table = new PortTable();
    const first = await table.hold(wanted({ '80/tcp': [binding('82')], '80/udp': [binding('83', '127.0.0.1')] }), '172.17.0.2');
    const hold = (ports: Parameters<typeof wanted>[0]): Promise<readonly HeldPort[]> => table.hold(wanted(ports), '172.17.0.3');
    await assert.rejects(hold({ '80/tcp': [binding('82')] }), { message: 'Bind for 0.0.0.0:82 failed: port is already allocated' });
    await assert.rejects(hold({ '80/tcp': [binding('82', '127.0.0.1')] }), { message: 'Bind for 0.0.0.0:82 failed: port is already allocated' });
    await assert.rejects(hold({ '80/tcp': [binding('82', '::1')] }), { message: 'Bind for :::82 failed: port is already allocated' });
    await assert.rejects(hold({ '80/udp': [binding('83')] }), { message: 'Bind for 127.0.0.1:83 failed: port is already allocated' });
    await assert.rejects(hold({ '80/tcp': [binding('85')], '81/tcp': [binding('85')] }), { message: 'Bind for 0.0.0.0:85 failed: port is already allocated' });
    close(await table.hold(wanted({ '80/udp': [binding('82'), binding('83', '127.0.0.9')], '81/tcp': [binding('85')] }), '172.17.0.3'));
    close(first);
    table.release(first.flatMap(({ mappings }) => mappings));
    close(await table.hold(wanted({ '80/tcp': [binding('82')] }), '172.17.0.3'));
  });

  test('a port that another program has', async () => {
    const table = new PortTable();
    const hold = (port: string, hostIp = ''): Promise<readonly HeldPort[]> => table.hold(wanted({ '80/tcp': [binding(port, hostIp)] }), '172.17.0.3');
    await using _four = await listen(7777, '0.0.0.0');
    await using _six = await listen(7780, '::');
    await using _loopback = await listen(7779, '127.0.0.1');
    await assert.rejects(hold('7777'), { message: 'failed to bind host port for 0.0.0.0:7777:172.17.0.3:80/tcp: address already in use' });
    await assert.rejects(hold('7777', '127.0.0.1'), { message: 'failed to bind host port for 127.0.0.1:7777:172.17.0.3:80/tcp: address already in use' });
    await assert.rejects(hold('7779'), { message: 'failed to bind host port for 0.0.0.0:7779:172.17.0.3:80/tcp: address already in use' });
    await assert.rejects(hold('7780'), { message: 'failed to bind host port for [::]:7780:172.17.0.3:80/tcp: address already in use' });
    await assert.rejects(hold('83', '10.99.99.99'), { message: 'failed to bind host port for 10.99.99.99:83:172.17.0.3:80/tcp: cannot assign requested address' });
    const began = performance.now();
    await assert.rejects(hold('7777'), /address already in use/);
    assert.ok(performance.now() - began < 1000, 'no waiting for what was never ours');
    const other = await hold('7777-7778');
    assert.deepEqual(other[0]?.mappings.map(({ hostIp, hostPort }) => `${hostIp} ${hostPort}`), ['0.0.0.0 7778', ':: 7778']);
    await assert.rejects(hold('7778-7778'), { message: 'Bind for 0.0.0.0:7778 failed: port is already allocated' });
    close(other);
  });

  test('the next owner waits a moment for one that has just ended', async () => {
    const table = new PortTable();
    const first = await table.hold(wanted({ '80/tcp': [binding('82')] }), '172.17.0.2');
    table.release(first.flatMap(({ mappings }) => mappings));
    const second = table.hold(wanted({ '80/tcp': [binding('82')] }), '172.17.0.2');
    const third = table.hold(wanted({ '80/tcp': [binding('82')] }), '172.17.0.2');
    await assert.rejects(third, { message: 'Bind for 0.0.0.0:82 failed: port is already allocated' });
    await pause(50);
    close(first);
    close(await second);
  });

  test('a held port is refused to other programs', async () => {
    const table = new PortTable();
    const held = await table.hold(wanted({ '80/tcp': [binding('82')] }), '172.17.0.3');
    await assert.rejects(listen(82, '127.0.0.1'), { code: 'EADDRINUSE' });
    await assert.rejects(listen(82, '::'), { code: 'EADDRINUSE' });
    close(held);
    await using _free = await listen(82, '127.0.0.1');
  });

  test('a range is used up from below, a free choice goes on upward', async () => {
    const table = new PortTable();
    const port = async (spec: string): Promise<number | undefined> => {
      const held = await table.hold(wanted({ '80/tcp': [binding(spec)] }), '172.17.0.3');
      close(held);
      return held[0]?.mappings[0]?.hostPort;
    };
    assert.deepEqual([await port('9000-9002'), await port('9000-9002'), await port('9000-9002')], [9000, 9001, 9002]);
    await assert.rejects(port('9000-9002'), { message: 'all ports are allocated' });
    assert.equal(await port('9001-9003'), 9003);
    const first = (await port('')) ?? 0;
    assert.equal(await port('0'), first + 1);
    table.release([{ protocol: 'tcp', hostIp: '0.0.0.0', hostPort: first, containerIp: '', containerPort: 80 }, { protocol: 'tcp', hostIp: '::', hostPort: first, containerIp: '', containerPort: 80 }]);
    assert.equal(await port(''), first + 2);
  });
}
