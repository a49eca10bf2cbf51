import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineAddress, parseAddress } from './address.ts';

test('the flag wins over ONGGI_HOST, that over DOCKER_HOST, that over the default', () => {
  const env = { ONGGI_HOST: 'unix:///b', DOCKER_HOST: 'unix:///c' };
  const chosen = (flag: string | undefined, vars: NodeJS.ProcessEnv) => engineAddress(flag, vars).shown;
  assert.equal(chosen('unix:///a', env), 'unix:///a');
  assert.equal(chosen(undefined, env), 'unix:///b');
  assert.equal(chosen(undefined, { DOCKER_HOST: 'unix:///c' }), 'unix:///c');
  assert.equal(chosen(undefined, { DOCKER_HOST: '' }), 'unix:///var/run/onggi.sock');
});

test('TCP addresses may leave out the port and name IPv6', () => {
  assert.deepEqual(parseAddress('tcp://h'), { kind: 'tcp', host: 'h', port: 2375, shown: 'tcp://h' });
  assert.deepEqual(parseAddress('tcp://[::1]:99'), { kind: 'tcp', host: '::1', port: 99, shown: 'tcp://[::1]:99' });
});

test('what is no address is refused', () => {
  for (const text of ['h:99', 'http://h', 'tcp://h:99999', 'tcp://a:b:c', 'ssh://h']) assert.throws(() => parseAddress(text), /unable to parse host/);
});
