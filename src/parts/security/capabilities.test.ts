import assert from 'node:assert/strict';
import test from 'node:test';
import { boundingCapabilities, CAPABILITY_NAMES, capabilitiesInMask, capabilitiesOf, DEFAULT_CAPABILITIES } from './capabilities.ts';

const plain = { privileged: false, capAdd: [], capDrop: [] };
const all = CAPABILITY_NAMES;

test('a container gets the fourteen default capabilities', () => {
  assert.deepEqual(capabilitiesOf(plain, all), DEFAULT_CAPABILITIES);
  assert.equal(DEFAULT_CAPABILITIES.length, 14);
  // The mask that a default container shows in /proc/self/status with dockerd 28.5.
  assert.deepEqual(capabilitiesInMask('00000000a80425fb').sort(), [...DEFAULT_CAPABILITIES].sort());
});

test('names work with and without the prefix, in any case', () => {
  const set = capabilitiesOf({ ...plain, capAdd: ['cap_net_admin', 'Sys_Ptrace'], capDrop: ['chown'] }, all);
  assert.ok(set.includes('CAP_NET_ADMIN') && set.includes('CAP_SYS_PTRACE') && !set.includes('CAP_CHOWN'));
});

test('dropping all leaves only what is added', () => {
  assert.deepEqual(capabilitiesOf({ ...plain, capDrop: ['ALL'], capAdd: ['SETGID'] }, all), ['CAP_SETGID']);
  assert.deepEqual(capabilitiesOf({ ...plain, capDrop: ['all'] }, all), []);
});

test('adding wins over dropping the same one', () => {
  assert.ok(capabilitiesOf({ ...plain, capAdd: ['NET_RAW'], capDrop: ['NET_RAW'] }, all).includes('CAP_NET_RAW'));
});

test('all is what the host can give, less what is dropped', () => {
  const host = all.filter((name) => name !== 'CAP_SYS_RESOURCE');
  assert.deepEqual(capabilitiesOf({ ...plain, capAdd: ['ALL'] }, host), host);
  assert.deepEqual(capabilitiesOf({ ...plain, capAdd: ['ALL'], capDrop: ['ALL'] }, host), host);
  assert.ok(!capabilitiesOf({ ...plain, capAdd: ['ALL'], capDrop: ['NET_RAW'] }, host).includes('CAP_NET_RAW'));
  assert.deepEqual(capabilitiesOf({ ...plain, privileged: true, capDrop: ['NET_RAW'] }, host), host);
});

test('unknown and unavailable capabilities are refused in the words of Docker', () => {
  assert.throws(() => capabilitiesOf({ ...plain, capAdd: ['foo'] }, all), { kind: 'invalid', message: 'invalid CapAdd: unknown capability: "CAP_FOO"' });
  assert.throws(() => capabilitiesOf({ ...plain, capDrop: ['CAP_ALL'] }, all), { message: 'invalid CapDrop: unknown capability: "CAP_ALL"' });
  assert.throws(() => capabilitiesOf({ ...plain, capAdd: ['SYS_RESOURCE'] }, DEFAULT_CAPABILITIES), {
    message: 'invalid CapAdd: capability not supported by your kernel or not available in the current environment: "CAP_SYS_RESOURCE"',
  });
});

test('the bounding set is read from the status text', () => {
  assert.deepEqual(boundingCapabilities('Name:\tx\nCapBnd:\t0000000000000021\n'), ['CAP_CHOWN', 'CAP_KILL']);
});
