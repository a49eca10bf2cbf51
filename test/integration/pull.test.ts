// Pulls from a real registry with the real docker command line: forms, platforms, what is up to date, what is refused.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { docker, dockerOk, onggiOk, run } from '../support/commands.ts';
import { RealRegistry, writeLayout } from '../support/registry.ts';

const own = process.arch === 'x64' ? 'amd64' : process.arch;
const layout = mkdtempDisposableSync(join(tmpdir(), 'layout-'));
let registry: RealRegistry;

before(async () => {
  writeLayout(layout.path);
  registry = await RealRegistry.start();
  await registry.fill(layout.path, 'one', 'forms/oci:1');
  await registry.fill(layout.path, 'one', 'forms/schema2:1', '--format', 'v2s2');
  await registry.fill(layout.path, 'zstd', 'forms/zstd:1', '--preserve-digests');
  await registry.fill(layout.path, 'plain', 'forms/plain:1', '--preserve-digests');
  await registry.fill(layout.path, 'many', 'forms/index:1', '--all');
});

after(async () => {
  await registry?.[Symbol.asyncDispose]();
  layout[Symbol.dispose]();
});

for (const form of ['oci', 'schema2', 'zstd', 'plain', 'index']) {
  test(`an image in the form ${form} is pulled and runs`, { timeout: 60_000 }, async () => {
    const name = `${registry.host}/forms/${form}:1`;
    const first = await dockerOk('pull', name);
    assert.match(first, new RegExp(`^1: Pulling from forms/${form}$`, 'm'));
    assert.match(first, /^Digest: sha256:[0-9a-f]{64}$/m);
    assert.match(first, new RegExp(`^Status: Downloaded newer image for ${name}$`, 'm'));
    assert.match(await dockerOk('pull', name), new RegExp(`^Status: Image is up to date for ${name}$`, 'm'));
    assert.equal(await dockerOk('run', '--rm', '--network', 'none', name), own);
  });
}

test('--platform brings the image for another machine', { timeout: 60_000 }, async () => {
  const name = `${registry.host}/forms/index:1`;
  await dockerOk('pull', '--platform', 'linux/s390x', name);
  assert.equal(await dockerOk('inspect', '-f', '{{.Os}}/{{.Architecture}}', name), 'linux/s390x');
  const refused = await docker('pull', '--platform', 'linux/riscv64', name);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /no matching manifest for linux\/riscv64 in the manifest list entries/);
  await dockerOk('pull', '--platform', `linux/${own}`, name);
});

test('an image is found by its digest, and keeps it', { timeout: 60_000 }, async () => {
  await dockerOk('pull', `${registry.host}/forms/oci:1`);
  const digests = await dockerOk('inspect', '-f', '{{range .RepoDigests}}{{println .}}{{end}}', `${registry.host}/forms/oci:1`);
  const digest = digests.split('\n').find((each) => each.startsWith(`${registry.host}/forms/oci@sha256:`)) ?? '';
  assert.match(digest, /@sha256:[0-9a-f]{64}$/);
  assert.match(await dockerOk('pull', digest), new RegExp(`^Status: Image is up to date for ${digest}$`, 'm'));
});

test('what the registry has not is told in the words of Docker', { timeout: 60_000 }, async () => {
  const name = `${registry.host}/forms/oci`;
  const missing = await docker('pull', `${name}:nope`);
  assert.equal(missing.stderr.trim(), `Error response from daemon: manifest for ${name}:nope not found: manifest unknown: manifest unknown`);
  const gone = await docker('pull', '127.0.0.1:1/x:1');
  assert.equal(gone.stderr.trim(), 'Error response from daemon: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused');
  // "0s" would be the beginning of this second
  const events = await dockerOk('events', '--since', '5m', '--until', String(Date.now() / 1000), '--filter', 'event=pull', '--format', '{{.Actor.ID}}');
  assert.ok(events.split('\n').includes(`${name}:1`));
});

test('our own command line pulls with the same words', { timeout: 60_000 }, async () => {
  const name = `${registry.host}/forms/schema2:1`;
  await docker('rmi', '-f', name);
  assert.match(await onggiOk('pull', name), new RegExp(`Status: Downloaded newer image for ${name}`));
});

test('a registry with passwords is entered by a login', { timeout: 60_000 }, async () => {
  // The password is "open sesame".
  await using closed = await RealRegistry.start('ali:$2y$05$2.uZdOkDiFivbvvhB8eP9OV/K7WklK5hVIG1QR.dPmKfUMi6G/qpO\n');
  using home = mkdtempDisposableSync(join(tmpdir(), 'docker-config-'));
  const as = (...args: string[]) => run('docker', ['--config', home.path, ...args]);
  const nobody = await as('pull', `${closed.host}/a:1`);
  assert.match(nobody.stderr, /no basic auth credentials/);
  const wrong = await as('login', '-u', 'ali', '-p', 'no', closed.host);
  assert.match(wrong.stderr, /login attempt to http:\/\/.*\/v2\/ failed with status: 401 Unauthorized/);
  const right = await run('docker', ['--config', home.path, 'login', '-u', 'ali', '--password-stdin', closed.host], { input: 'open sesame' });
  assert.match(right.stdout, /Login Succeeded/);
  await closed.fill(layout.path, 'one', 'a:1', '--dest-creds', 'ali:open sesame');
  const pulled = await as('pull', `${closed.host}/a:1`);
  assert.match(pulled.stdout, /Status: Downloaded newer image/);
});
