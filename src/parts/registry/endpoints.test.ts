import assert from 'node:assert/strict';
import test from 'node:test';
import { endpointsOf } from './endpoints.ts';
import { proxyFor } from './proxy.ts';
import { registrySettings, type ProxySettings } from './settings.ts';

async function urls(domain: string, over: Parameters<typeof registrySettings>[0] = {}): Promise<readonly string[]> {
  const endpoints = await endpointsOf(domain, registrySettings(over));
  return endpoints.map(({ url, isVerified }) => `${url.href}${isVerified ? '' : ' unverified'}`);
}

test('only loopback and what daemon.json names may be plain http', async () => {
  assert.deepEqual(await urls('registry.example'), ['https://registry.example/']);
  for (const host of ['localhost:5000', '127.9.0.1', '[::1]:5000']) {
    assert.deepEqual(await urls(host), [`https://${host}/ unverified`, `http://${host}/ unverified`]);
  }
  for (const insecureRegistries of [['r.example:5000'], ['r.example']]) {
    assert.deepEqual(await urls('r.example:5000', { insecureRegistries }), ['https://r.example:5000/ unverified', 'http://r.example:5000/ unverified']);
  }
  assert.equal((await urls('10.1.2.3', { insecureRegistries: ['10.0.0.0/8'] })).length, 2);
  assert.equal((await urls('11.1.2.3', { insecureRegistries: ['10.0.0.0/8', 'nonsense/9', '10.0.0.0/99'] })).length, 1);
});

test('mirrors come before Docker Hub, and before nothing else', async () => {
  const mirrors = ['https://m.example/cache', 'http://127.0.0.1:5001'];
  assert.deepEqual(await urls('docker.io', { mirrors }), ['https://m.example/cache/', 'http://127.0.0.1:5001/ unverified', 'https://registry-1.docker.io/']);
  assert.deepEqual(await urls('other.example', { mirrors }), ['https://other.example/']);
  await assert.rejects(urls('docker.io', { mirrors: ['ftp://x'] }), /invalid mirror: "ftp:\/\/x" is not an http or https URL/);
});

test('proxies follow the rules of Go', () => {
  const proxies: ProxySettings = { http: 'plain:1', https: 'https://tls:2', noProxy: '.inner.example, exact.example,10.0.0.0/8,1.2.3.4:5000,*.star.example' };
  const through = (url: string): string => proxyFor(new URL(url), proxies);
  assert.equal(through('https://r.example/v2/'), 'https://tls:2');
  assert.equal(through('http://r.example/v2/'), 'http://plain:1');
  for (const url of ['https://localhost:5000', 'http://127.0.0.1', 'https://a.inner.example', 'https://sub.exact.example', 'https://exact.example', 'https://10.9.9.9', 'https://1.2.3.4:5000', 'https://x.star.example']) {
    assert.equal(through(url), '', url);
  }
  for (const url of ['https://inner.example', 'https://notexact.example', 'https://11.0.0.1', 'https://1.2.3.4']) assert.equal(through(url), 'https://tls:2', url);
  assert.equal(proxyFor(new URL('https://r.example'), { ...proxies, noProxy: '*' }), '');
});
