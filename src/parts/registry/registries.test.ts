import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { isKind } from '#base/errors.ts';
import { digestOf as digestOfBytes } from '#parts/oci/digest.ts';
import { ANONYMOUS, type Credentials } from './credentials.ts';
import { Registries } from './registries.ts';
import { RegistryError } from './registry-error.ts';
import type { Repository } from './repository.ts';
import { registrySettings, type RegistrySettings } from './settings.ts';
import { FakeRegistry, refuse } from './testing.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const USER: Credentials = { ...ANONYMOUS, username: 'u', password: 'p' };
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

async function open(registry: FakeRegistry, credentials = ANONYMOUS, over: Partial<RegistrySettings> = {}): Promise<{ repository: Repository } & Disposable> {
  const registries = new Registries(registrySettings(over));
  const endpoint = (await registries.endpoints(registry.host)).at(-1);
  assert.ok(endpoint);
  const repository = await registries.connect(endpoint, 'a/b', credentials, soon());
  return { repository, [Symbol.dispose]: () => registries[Symbol.dispose]() };
}

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(body));
}

test('a manifest comes by tag and by digest, byte for byte', async () => {
  await using registry = await FakeRegistry.start();
  const digest = registry.addManifest('a/b', 'v1', MANIFEST, '{ "schemaVersion": 2 }\n');
  using way = await open(registry);
  assert.equal(await way.repository.resolve('v1', soon()), digest);
  const byTag = await way.repository.getManifest('v1', soon());
  assert.deepEqual({ digest: byTag.digest, mediaType: byTag.mediaType, text: byTag.bytes.toString() }, { digest, mediaType: MANIFEST, text: '{ "schemaVersion": 2 }\n' });
  assert.equal((await way.repository.getManifest(digest, soon())).digest, digest);
  assert.equal(await way.repository.resolve('v2', soon()), undefined);
});

test('a manifest that is not the one asked for by digest is refused', async () => {
  await using registry = await FakeRegistry.start();
  const digest = digestOfBytes('something else');
  registry.manifests.set(`a/b@${digest}`, { mediaType: MANIFEST, body: Buffer.from('{}') });
  using way = await open(registry);
  await assert.rejects(way.repository.getManifest(digest, soon()), { message: `manifest verification failed for digest ${digest}` });
});

test('a manifest without end is cut off above 4 MiB', async () => {
  await using registry = await FakeRegistry.start();
  registry.fault = (request, response) => {
    if (!request.url?.includes('/manifests/')) return false;
    response.write(Buffer.alloc(5 * 1024 * 1024));
    return true;
  };
  using way = await open(registry);
  await assert.rejects(way.repository.getManifest('v1', soon()), /the answer is larger than 4194304 bytes/);
});

test('a bearer token is fetched once, used again, and fetched anew when it is revoked', async () => {
  await using registry = await FakeRegistry.start();
  registry.auth = { kind: 'bearer', username: 'u', password: 'p' };
  registry.addManifest('a/b', 'v1', MANIFEST, '{}');
  using way = await open(registry, USER);
  await way.repository.getManifest('v1', soon());
  await way.repository.getManifest('v1', soon());
  const tokens = () => registry.requests.filter(({ path }) => path.startsWith('/token'));
  assert.equal(tokens().length, 1);
  assert.match(tokens()[0]?.path ?? '', /service=fake&scope=repository%3Aa%2Fb%3Apull&account=u$/);
  registry.revokeTokens();
  await way.repository.getManifest('v1', soon());
  assert.equal(tokens().length, 2);
});

test('requests at the same time share one token, also where only the repository asks for it', async () => {
  await using registry = await FakeRegistry.start();
  registry.auth = { kind: 'bearer', username: 'u', password: 'p' };
  registry.fault = (request, response) => Boolean(request.url === '/v2/' && response.end('{}'));
  registry.addManifest('a/b', 'v1', MANIFEST, '{}');
  using way = await open(registry, USER);
  await way.repository.resolve('v1', soon());
  registry.revokeTokens();
  const tokens = () => registry.requests.filter(({ path }) => path.startsWith('/token')).length;
  const before = tokens();
  await Promise.all(Array.from({ length: 5 }, () => way.repository.getManifest('v1', soon())));
  assert.ok(tokens() - before <= 5);
  const after = tokens();
  await Promise.all(Array.from({ length: 5 }, () => way.repository.getManifest('v1', soon())));
  assert.equal(tokens(), after);
});

test('a token that has run out is not sent again', async () => {
  await using registry = await FakeRegistry.start();
  registry.auth = { kind: 'bearer', username: 'u', password: 'p' };
  registry.addManifest('a/b', 'v1', MANIFEST, '{}');
  using way = await open(registry, USER);
  await way.repository.getManifest('v1', soon());
  const real = Date.now;
  Date.now = () => real() + 400_000;
  try {
    await way.repository.getManifest('v1', soon());
  } finally {
    Date.now = real;
  }
  assert.equal(registry.requests.filter(({ path }) => path.startsWith('/token')).length, 2);
  assert.equal(registry.requests.filter(({ path }) => path.includes('/manifests/')).length, 2, 'no request was refused');
});

test('wrong credentials fail in the words of Docker', async () => {
  await using registry = await FakeRegistry.start();
  registry.auth = { kind: 'bearer', username: 'u', password: 'p' };
  using wrong = await open(registry, { ...USER, password: 'no' });
  await assert.rejects(wrong.repository.resolve('v1', soon()), {
    kind: 'unauthorized',
    message: `Head "http://${registry.host}/v2/a/b/manifests/v1": unauthorized: incorrect username or password`,
  });
  using nobody = await open(registry);
  await assert.rejects(nobody.repository.getManifest('v1', soon()), { kind: 'unauthorized', message: 'unauthorized: authentication required' });
  registry.auth = { kind: 'basic', username: 'u', password: 'p' };
  using empty = await open(registry);
  await assert.rejects(empty.repository.resolve('v1', soon()), { message: `Head "http://${registry.host}/v2/a/b/manifests/v1": no basic auth credentials` });
});

test('basic credentials and a ready-made token are sent as they are', async () => {
  await using registry = await FakeRegistry.start();
  registry.addManifest('a/b', 'v1', MANIFEST, '{}');
  registry.auth = { kind: 'basic', username: 'u', password: 'p' };
  using basic = await open(registry, USER);
  await basic.repository.getManifest('v1', soon());
  registry.auth = { kind: 'none' };
  using ready = await open(registry, { ...ANONYMOUS, registryToken: 'made-elsewhere' });
  await ready.repository.getManifest('v1', soon());
  assert.equal(registry.requests.at(-1)?.headers.authorization, 'Bearer made-elsewhere');
});

test('an identity token is exchanged by a form, not sent as a password', async () => {
  await using registry = await FakeRegistry.start();
  registry.auth = { kind: 'bearer', username: 'u', password: 'p' };
  let form = '';
  registry.fault = (request, response) => {
    if (request.method !== 'POST') return false;
    form = '';
    request.on('data', (chunk: Buffer) => (form += chunk.toString())).on('end', () => response.end('{"access_token":"t"}'));
    return true;
  };
  using way = await open(registry, { ...ANONYMOUS, username: '<token>', identityToken: 'refresh-me' });
  await assert.rejects(way.repository.getManifest('v1', soon()), { kind: 'unauthorized' });
  assert.equal(form, 'grant_type=refresh_token&refresh_token=refresh-me&service=fake&client_id=onggi&scope=repository%3Aa%2Fb%3Apull');
});

test('a blob resumes at an offset, or begins anew where the registry knows no ranges', async () => {
  await using registry = await FakeRegistry.start();
  const digest = registry.addBlob(Buffer.from('hello world'));
  using way = await open(registry);
  const blob = digestOfBytes('hello world');
  assert.equal(digest, blob);
  const rest = await way.repository.openBlob(blob, 6, soon());
  assert.deepEqual([rest.offset, (await bytesOf(rest.body)).toString()], [6, 'world']);
  registry.fault = (request, response) => {
    if (!request.url?.includes('/blobs/')) return false;
    if (request.headers.range) response.writeHead(416).end();
    else response.end('hello world');
    return true;
  };
  const whole = await way.repository.openBlob(blob, 6, soon());
  assert.deepEqual([whole.offset, (await bytesOf(whole.body)).toString()], [0, 'hello world']);
});

test('credentials stay with the host they are for when a blob redirects', async () => {
  await using registry = await FakeRegistry.start();
  await using store = await FakeRegistry.start();
  registry.auth = { kind: 'basic', username: 'u', password: 'p' };
  const blob = digestOfBytes('content');
  store.addBlob(Buffer.from('content'));
  registry.fault = (request, response) => {
    if (!request.url?.includes('/blobs/')) return false;
    response.writeHead(307, { location: `http://${store.host}/v2/x/blobs/${blob}` }).end();
    return true;
  };
  using way = await open(registry, USER);
  registry.requests.length = 0;
  await way.repository.resolve('learn', soon());
  const { body } = await way.repository.openBlob(blob, 3, soon());
  assert.equal((await bytesOf(body)).toString(), 'tent');
  assert.ok(registry.requests.at(-1)?.headers.authorization);
  assert.equal(store.requests[0]?.headers.authorization, undefined);
  assert.equal(store.requests[0]?.headers.range, 'bytes=3-');
});

test('a circle of redirects ends after ten', async () => {
  await using registry = await FakeRegistry.start();
  using way = await open(registry);
  registry.fault = (request, response) => {
    response.writeHead(302, { location: request.url }).end();
    return true;
  };
  await assert.rejects(way.repository.resolve('v1', soon()), /Head ".*": stopped after 10 redirects/);
  assert.equal(registry.requests.length, 11);
});

const refusals: readonly [string, number, string, RegExp, string][] = [
  ['an unknown manifest', 404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"v1"}}]}', /^manifest unknown: manifest unknown$/, 'not-found'],
  ['a denial', 403, '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}', /^denied: requested access to the resource is denied$/, 'forbidden'],
  ['two errors', 403, '{"errors":[{"code":"DENIED","message":"one"},{"code":"UNSUPPORTED","message":"two"}]}', /^errors:\ndenied: one\nunsupported: two\n$/, 'forbidden'],
  ['a page of HTML', 404, '<html>\n<b>nothing</b>\u001b[31m</html>', /^unknown: <html> <b>nothing<\/b> \[31m<\/html>$/, 'internal'],
  ['nothing at all', 400, '', /^unknown: HTTP status 400$/, 'internal'],
  ['a broken server', 502, 'oops', /^received unexpected HTTP status: 502 Bad Gateway$/, 'internal'],
];
for (const [name, status, body, message, kind] of refusals) {
  test(`${name} becomes an error that can be read`, async () => {
    await using registry = await FakeRegistry.start();
    using way = await open(registry);
    registry.fault = (_, response) => Boolean(response.writeHead(status).end(body));
    await assert.rejects(way.repository.getManifest('v1', soon()), (thrown) => thrown instanceof RegistryError && message.test(thrown.message) && thrown.kind === kind);
  });
}

test('a rate limit tells when to come back', async () => {
  await using registry = await FakeRegistry.start();
  using way = await open(registry);
  registry.fault = (_, response) => {
    response.setHeader('retry-after', '7');
    refuse(response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.');
    return true;
  };
  await assert.rejects(way.repository.getManifest('v1', soon()), { retryAfterMs: 7000, message: 'toomanyrequests: You have reached your pull rate limit.' });
});

test('a registry that falls silent is given up, and a cancel is obeyed at once', async () => {
  await using registry = await FakeRegistry.start();
  using way = await open(registry, ANONYMOUS, { idleMs: 150 });
  registry.fault = () => true;
  await assert.rejects(way.repository.getManifest('v1', soon()), /Get ".*": net\/http: timeout awaiting an answer/);
  const stop = new AbortController();
  const waiting = way.repository.getManifest('v1', stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 20);
  await assert.rejects(waiting, /enough/);
});

test('a body that stops halfway is an unexpected end', async () => {
  await using registry = await FakeRegistry.start();
  using way = await open(registry);
  registry.fault = (_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{', () => response.destroy());
    return true;
  };
  await assert.rejects(way.repository.getManifest('v1', soon()), /unexpected EOF/);
});

test('nobody listening is told as Go tells it', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => gone.once('listening', resolve));
  const host = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await new Promise((resolve) => gone.close(resolve));
  using registries = new Registries(registrySettings());
  const [tls, plain] = await registries.endpoints(host);
  assert.ok(tls && plain);
  await assert.rejects(registries.connect(plain, 'a', ANONYMOUS, soon()), { message: `Get "http://${host}/v2/": dial tcp ${host}: connect: connection refused` });
  await assert.rejects(registries.connect(tls, 'a', ANONYMOUS, soon()), { message: `Get "https://${host}/v2/": dial tcp ${host}: connect: connection refused` });
});

test('TLS to a registry without TLS says what is wrong', async () => {
  await using registry = await FakeRegistry.start();
  using registries = new Registries(registrySettings());
  const [tls] = await registries.endpoints(registry.host);
  assert.ok(tls);
  await assert.rejects(registries.connect(tls, 'a', ANONYMOUS, soon()), /http: server gave HTTP response to HTTPS client/);
});

test('login answers as dockerd does', async () => {
  await using registry = await FakeRegistry.start();
  using registries = new Registries(registrySettings());
  registry.auth = { kind: 'bearer', username: 'u', password: 'p' };
  assert.deepEqual(await registries.login(`http://${registry.host}/v2/`, USER, soon()), { identityToken: 'refresh-me' });
  await assert.rejects(registries.login(registry.host, { ...USER, password: 'no' }, soon()), {
    kind: 'unauthorized',
    message: `Get "http://${registry.host}/v2/": unauthorized: incorrect username or password`,
  });
  registry.auth = { kind: 'basic', username: 'u', password: 'p' };
  assert.deepEqual(await registries.login(registry.host, USER, soon()), { identityToken: '' });
  await assert.rejects(registries.login(registry.host, { ...USER, password: 'no' }, soon()), (thrown) => {
    return isKind(thrown, 'internal') && thrown.message === `login attempt to http://${registry.host}/v2/ failed with status: 401 Unauthorized`;
  });
});

test('tags are listed over all pages', async () => {
  await using registry = await FakeRegistry.start();
  using way = await open(registry);
  registry.fault = (request, response) => {
    if (!request.url?.includes('/tags/list')) return false;
    const isFirst = !request.url.includes('last=');
    if (isFirst) response.setHeader('link', '</v2/a/b/tags/list?last=1>; rel="next"');
    response.end(JSON.stringify({ name: 'a/b', tags: [isFirst ? '1' : '2'] }));
    return true;
  };
  assert.deepEqual(await way.repository.tags(soon()), ['1', '2']);
});
