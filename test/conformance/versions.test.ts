// Which versions of the API are spoken, and what is said of those that are not, and of what is not there yet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../support/raw-http.ts';
import { API_PATHS } from './api-paths.ts';

const ALL = Array.from({ length: 55 - 24 + 1 }, (_, index) => `1.${24 + index}`);

test('every version from 1.24 to 1.55 is answered', async () => {
  for (const version of ALL) {
    for (const path of ['version', 'info', 'containers/json', 'images/json', 'networks', 'volumes', 'plugins', 'system/df', '_ping']) {
      const { status } = await ask('GET', `/v${version}/${path}`);
      assert.equal(status, 200, `/v${version}/${path}`);
    }
  }
});

test('a version that is too new or too old is refused in dockerd’s words', async () => {
  const tooNew = await ask('GET', '/v1.99/info');
  assert.equal(tooNew.status, 400);
  assert.deepEqual(tooNew.json(), { message: 'client version 1.99 is too new. Maximum supported API version is 1.55' });
  const tooOld = await ask('GET', '/v1.10/info');
  assert.equal(tooOld.status, 400);
  assert.equal(tooOld.text, 'client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n');
  assert.equal((await ask('GET', '/v1.99/no/such/path')).status, 404);
});

test('the ping tells what is needed before anything else', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, text } = await ask(method, '/_ping');
    assert.equal(status, 200);
    assert.equal(text, method === 'GET' ? 'OK' : '');
    assert.equal(headers['api-version'], '1.55');
    assert.equal(headers['ostype'], 'linux');
    assert.equal(headers['swarm'], 'inactive');
    assert.match(String(headers['server']), /^Docker\/|^Onggi\//);
    assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate');
  }
});

test('/version has what clients read', async () => {
  const version = (await ask('GET', '/version')).json() as Record<string, unknown>;
  assert.equal(version['ApiVersion'], '1.55');
  assert.equal(version['MinAPIVersion'], '1.24');
  for (const key of ['Version', 'GitCommit', 'GoVersion', 'Os', 'Arch', 'KernelVersion', 'BuildTime']) assert.equal(typeof version[key], 'string', key);
  assert.ok(Array.isArray(version['Components']));
});

/** Harmless where a path does something: names that nobody has, a label that nobody has, an end in the past. */
function harmless(path: string): string {
  const named = path.replaceAll(/\{\w+\}/g, 'nosuch-of-this-test');
  if (path.endsWith('/prune')) return `${named}?filters={"label":["nosuch-of-this-test"]}`;
  return path === '/events' ? '/events?until=1' : named;
}

test('every path of the API is known: what is not there yet answers 501 with a message that names it', { timeout: 60_000 }, async () => {
  for (const [methods, path] of API_PATHS) {
    for (const method of methods.split(' ')) {
      const { status, text } = await ask(method, harmless(path), method === 'POST' || method === 'PUT' ? {} : undefined);
      const what = `${method} ${path}: ${status} ${text}`;
      assert.doesNotMatch(text, /page not found/, what);
      assert.notEqual(status, 405, what);
      if (status === 501 && method !== 'HEAD') assert.match((JSON.parse(text) as { message: string }).message, /^not there yet: \w.+\(\w+ \/.+\)$/, what);
    }
  }
});

test('what needs a swarm says that there is none', async () => {
  for (const path of ['/swarm', '/nodes', '/services', '/tasks', '/secrets', '/configs']) {
    const answer = await ask('GET', path);
    assert.equal(answer.status, 503, path);
    assert.match((answer.json() as { message: string }).message, /^This node is not a swarm manager\. Use "docker swarm init" or "docker swarm join"/);
  }
});
