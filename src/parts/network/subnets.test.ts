import assert from 'node:assert/strict';
import test from 'node:test';
import { AddressPool } from './address-pool.ts';
import { chooseSubnet, overlap, parseSubnet, subnetText } from './subnets.ts';

test('a subnet is known by its base', () => {
  assert.equal(subnetText(parseSubnet('172.17.5.6/16')), '172.17.0.0/16');
  assert.equal(subnetText(parseSubnet('255.255.255.255/32')), '255.255.255.255/32');
  assert.equal(overlap(parseSubnet('10.0.0.0/8'), parseSubnet('10.255.0.0/16')), true);
  assert.equal(overlap(parseSubnet('10.0.0.0/9'), parseSubnet('10.128.0.0/9')), false);
  for (const bad of ['172.17.0.0', '172.17.0.0/33', '256.0.0.0/8', 'fd00::/64', '']) assert.throws(() => parseSubnet(bad), { kind: 'invalid' });
});

test('Docker\'s pools in Docker\'s order', () => {
  assert.equal(subnetText(chooseSubnet([])), '172.17.0.0/16');
  assert.equal(subnetText(chooseSubnet(['172.17.1.0/24', '172.18.0.0/15'].map(parseSubnet))), '172.20.0.0/16');
  assert.equal(subnetText(chooseSubnet([parseSubnet('172.16.0.0/12')])), '192.168.0.0/20');
  assert.throws(() => chooseSubnet([parseSubnet('0.0.0.0/0')]), /all predefined address pools have been fully subnetted/);
});

test('the lowest free address, never the gateway, until there is none', () => {
  const pool = new AddressPool(parseSubnet('10.0.0.0/29'), '10.0.0.3');
  assert.deepEqual(Array.from({ length: 5 }, () => pool.takeLowest()), ['10.0.0.1', '10.0.0.2', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  assert.throws(() => pool.takeLowest(), /no available IPv4 addresses/);
  pool.release('10.0.0.2');
  assert.throws(() => pool.take('10.0.0.4'), /Address already in use/);
  assert.throws(() => pool.take('10.0.1.4'), /no configured subnet/);
  assert.equal(pool.takeLowest(), '10.0.0.2');
});
