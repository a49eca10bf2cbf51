import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openDatabase } from '#parts/records/database.ts';
import { NetworkRecords } from '#parts/records/network-records.ts';
import type { BridgeFacts } from '#parts/network/network-driver.ts';
import { StoredNetworks } from './stored-networks.ts';

const BRIDGE: BridgeFacts = { name: 'onggi0', subnet: '172.17.0.0/16', gateway: '172.17.0.1', mtu: 1500, interContainer: true, masquerade: true, hostIp: '' };

function networksOf(context: TestContext, path = mkdtempSync('/tmp/hostnet-db-')): { readonly networks: StoredNetworks; readonly path: string } {
  const db = openDatabase(join(path, 'onggi.db'));
  context.after(() => {
    if (db.isOpen) db.close();
    rmSync(path, { recursive: true, force: true });
  });
  const records = new NetworkRecords(db);
  const bridgeId = records.list().find(({ name }) => name === 'bridge')?.id ?? '';
  const member = { containerId: 'c1', networkId: bridgeId, name: 'web', endpointId: 'e1', macAddress: '02:42:ac:11:00:02', ipv4: '172.17.0.2/16', ipv6: '' };
  return { networks: new StoredNetworks({ records, bridge: () => BRIDGE, members: { list: () => [member] } }), path };
}

const names = (networks: StoredNetworks, ...filters: readonly (readonly [string, readonly string[]])[]): string => networks.list(new Map(filters)).map(({ name }) => name).join(' ');

test('three networks are there from the first start, with ids that last', (context) => {
  const { networks, path } = networksOf(context);
  assert.equal(names(networks), 'bridge host none');
  const bridge = networks.inspect('bridge');
  assert.match(bridge.id, /^[0-9a-f]{64}$/);
  assert.deepEqual(bridge.subnets, [{ subnet: '172.17.0.0/16', gateway: '172.17.0.1', ipRange: '' }]);
  assert.equal(bridge.options['com.docker.network.bridge.name'], 'onggi0');
  assert.equal(bridge.containers['c1']?.ipv4, '172.17.0.2/16');
  assert.equal(networks.inspect('none').driver, 'null');
  assert.deepEqual(networks.inspect('host').containers, {});
  assert.equal(networksOf(context, path).networks.inspect('bridge').id, bridge.id);
});

test('by name, id and prefix', (context) => {
  const { networks } = networksOf(context);
  const { id } = networks.inspect('host');
  assert.equal(networks.inspect(id).name, 'host');
  assert.equal(networks.inspect(id.slice(0, 20)).name, 'host');
  for (const ref of ['nope', '']) assert.throws(() => networks.inspect(ref), { kind: 'not-found', message: `network ${ref} not found` });
});

test('filters as dockerd answers them', (context) => {
  const { networks } = networksOf(context);
  assert.equal(names(networks, ['name', ['bri']]), 'bridge');
  assert.equal(names(networks, ['name', ['^h', 'none']]), 'host none');
  assert.equal(names(networks, ['name', ['(']]), '');
  assert.equal(names(networks, ['driver', ['bridge', 'null']]), 'bridge none');
  assert.equal(names(networks, ['driver', ['bri']]), '');
  assert.equal(names(networks, ['type', ['builtin']]), 'bridge host none');
  assert.equal(names(networks, ['type', ['custom']]), '');
  assert.equal(names(networks, ['scope', ['local']], ['name', ['host']]), 'host');
  assert.equal(names(networks, ['scope', ['swarm']]), '');
  assert.equal(names(networks, ['label', ['x']]), '');
  assert.equal(names(networks, ['dangling', ['true']]), '');
  assert.equal(names(networks, ['dangling', ['0']]), 'bridge host none');
  assert.equal(names(networks, ['id', [networks.inspect('none').id.slice(0, 12)]]), 'none');
  assert.throws(() => names(networks, ['foo', ['a']]), { kind: 'invalid', message: `invalid filter 'foo'` });
  assert.throws(() => names(networks, ['type', ['blah']]), { kind: 'invalid', message: `invalid filter: 'type'='blah'` });
  assert.throws(() => names(networks, ['dangling', ['blah']]), { kind: 'invalid', message: `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")` });
});
