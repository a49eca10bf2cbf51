// A real registry on loopback, as a user meets it: what is fetched, what is shared, what is said, what is refused.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { busybox, docker, dockerOk, onggi, onggiOk, run } from '../support/commands.ts';
import { busyboxLayer, type HandMadeImage, layerOf, oldArchive } from '../support/hand-made.ts';
import { RealRegistry } from '../support/registry.ts';
import { Terminal } from '../support/terminal.ts';

const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-registry-'));
const base = busyboxLayer(['sh', 'cat', 'echo']);
let registry: RealRegistry;

before(async () => {
  await busybox();
  registry = await RealRegistry.start();
  await push({ name: 'app:1', layers: [base, layerOf([{ name: 'app', data: 'one' }])] });
  await push({ name: 'app:2', layers: [base, layerOf([{ name: 'app', data: 'two' }])] });
  await push({ name: 'foreign:1', architecture: 'arm64', layers: [layerOf([{ name: 'f', data: 'f' }])] });
});

after(async () => {
  await registry?.[Symbol.asyncDispose]();
  folder.remove();
});

/** Brings an image into the registry by skopeo, so that nothing of ours has had a hand in it. */
async function push(image: HandMadeImage, ...options: readonly string[]): Promise<void> {
  const file = join(folder.path, 'image.tar');
  writeFileSync(file, oldArchive(image));
  const { code, stderr } = await run('skopeo', ['--insecure-policy', 'copy', '--dest-tls-verify=false', ...options, `docker-archive:${file}`, `docker://${registry.host}/${image.name}`]);
  assert.equal(code, 0, stderr);
}

async function forget(...names: string[]): Promise<void> {
  await docker('rmi', '-f', ...names);
  await dockerOk('image', 'prune', '-f');
}

test('a pull on a pipe: plain lines, each step once; the second one is up to date', async () => {
  const name = `${registry.host}/app:1`;
  const { stdout, stderr, code } = await docker('pull', name);
  assert.equal(code, 0, stderr);
  assert.ok(!stdout.includes('\r') && !stdout.includes('\x1b'));
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines[0], '1: Pulling from app');
  assert.equal(lines.filter((line) => /^[0-9a-f]{12}: Pulling fs layer$/.test(line)).length, 2);
  assert.equal(lines.filter((line) => /^[0-9a-f]{12}: Download complete$/.test(line)).length, 2);
  assert.equal(lines.filter((line) => /^[0-9a-f]{12}: Pull complete$/.test(line)).length, 2);
  assert.match(lines.at(-3) ?? '', /^Digest: sha256:[0-9a-f]{64}$/);
  assert.equal(lines.at(-2), `Status: Downloaded newer image for ${name}`);
  assert.equal(lines.at(-1), name);
  const again = (await dockerOk('pull', name)).split('\n');
  assert.equal(again.at(-2), `Status: Image is up to date for ${name}`);
  assert.equal((await onggiOk('pull', name)).split('\n').at(-2), `Status: Image is up to date for ${name}`);
});

test('a layer that is there already is not fetched again', async () => {
  await dockerOk('pull', `${registry.host}/app:1`);
  const said = await dockerOk('pull', `${registry.host}/app:2`);
  assert.equal(said.match(/^[0-9a-f]{12}: Already exists$/gm)?.length, 1, said);
  assert.equal(said.match(/^[0-9a-f]{12}: Pull complete$/gm)?.length, 1, said);
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', `${registry.host}/app:2`, 'cat', '/app'), 'two');
  await forget(`${registry.host}/app:1`, `${registry.host}/app:2`);
});

test('every form: schema 2, OCI, gzip, zstd, plain', { timeout: 120_000 }, async () => {
  const forms: readonly (readonly [string, readonly string[]])[] = [
    ['v2s2', ['--format', 'v2s2']],
    ['oci', ['--format', 'oci']],
    ['oci-zstd', ['--format', 'oci', '--dest-compress-format', 'zstd']],
    ['oci-gzip', ['--format', 'oci', '--dest-compress-format', 'gzip', '--dest-compress-level', '9']],
  ];
  for (const [form, options] of forms) {
    await push({ name: `forms:${form}`, layers: [base, layerOf([{ name: 'form', data: form }])] }, ...options);
    assert.equal(await dockerOk('run', '--rm', '--network', 'none', '--quiet', `${registry.host}/forms:${form}`, 'cat', '/form'), form);
    await forget(`${registry.host}/forms:${form}`);
  }
});

test('-q says the name alone, -a brings every tag', async () => {
  assert.equal(await dockerOk('pull', '-q', `${registry.host}/app:1`), `${registry.host}/app:1`);
  const all = await dockerOk('pull', '-a', `${registry.host}/app`);
  assert.match(all, /^1: Pulling from app$/m);
  assert.match(all, /^2: Pulling from app$/m);
  const tags = await dockerOk('images', '--format', '{{.Tag}}', `${registry.host}/app`);
  assert.deepEqual(tags.split('\n').toSorted(), ['1', '2']);
  assert.equal(await dockerOk('image', 'ls', '-q', `${registry.host}/app`).then((ids) => new Set(ids.split('\n')).size), 2);
  await forget(`${registry.host}/app:1`, `${registry.host}/app:2`);
});

test('run pulls what is missing and says so on standard error', async () => {
  const name = `${registry.host}/app:1`;
  const first = await docker('run', '--rm', '--network', 'none', name, 'cat', '/app');
  assert.equal(first.stdout, 'one');
  assert.match(first.stderr, new RegExp(`^Unable to find image '${name}' locally\n1: Pulling from app\n`));
  const never = await docker('run', '--rm', '--pull', 'never', `${registry.host}/app:2`);
  assert.equal(never.code, 125);
  assert.match(never.stderr, new RegExp(`No such image: ${registry.host}/app:2`));
  const always = await docker('run', '--rm', '--network', 'none', '--pull', 'always', name, 'cat', '/app');
  assert.match(always.stderr, /Status: Image is up to date/);
  await forget(name);
});

test('by digest: pulled, run and shown so', async () => {
  const said = await dockerOk('pull', `${registry.host}/app:1`);
  const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(said)?.[1] ?? '';
  await forget(`${registry.host}/app:1`);
  const name = `${registry.host}/app@${digest}`;
  const pulled = await dockerOk('pull', name);
  assert.match(pulled, new RegExp(`^${registry.host}/app@sha256:[0-9a-f]{64}: Pulling from app$`, 'm'));
  assert.match(pulled, new RegExp(`^Digest: ${digest}$`, 'm'));
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', name, 'cat', '/app'), 'one');
  assert.equal(await dockerOk('inspect', '-f', '{{json .RepoDigests}} {{json .RepoTags}}', name), `["${name}"] []`);
  await dockerOk('tag', name, 'named:now');
  await forget('named:now', name);
});

test('a tag that moves in the registry is followed; the old image stays without a name', async () => {
  const name = `${registry.host}/moving:1`;
  await push({ name: 'moving:1', layers: [base, layerOf([{ name: 'v', data: '1' }])] });
  await dockerOk('pull', name);
  const old = await dockerOk('inspect', '-f', '{{.Id}}', name);
  await push({ name: 'moving:1', layers: [base, layerOf([{ name: 'v', data: '2' }])] });
  assert.match(await dockerOk('pull', name), /^Status: Downloaded newer image/m);
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', name, 'cat', '/v'), '2');
  assert.match(await dockerOk('images', '-q', '--no-trunc', '--filter', 'dangling=true'), new RegExp(old));
  await forget(name);
  assert.equal((await docker('inspect', old)).code, 1);
});

test('an image for another platform comes with a warning, or not at all', async () => {
  const name = `${registry.host}/foreign:1`;
  const said = await docker('pull', '--platform', 'linux/arm64', name);
  assert.equal(said.code, 0, said.stderr);
  assert.equal(await dockerOk('inspect', '-f', '{{.Architecture}}', name), 'arm64');
  await forget(name);
});

test('what is not there is refused in dockerd’s words, with exit code 1', async () => {
  const host = registry.host;
  const cases: readonly (readonly [string, RegExp])[] = [
    [`${host}/app:none`, new RegExp(`^Error response from daemon: manifest for ${host}/app:none not found: manifest unknown: manifest unknown$`, 'm')],
    [`${host}/none:1`, new RegExp(`^Error response from daemon: .*${host}/none.*`, 'm')],
    [`${host}/app@sha256:${'0'.repeat(64)}`, /not found: manifest unknown/],
    ['127.0.0.1:9/x:1', /^Error response from daemon: Get "http:\/\/127\.0\.0\.1:9\/v2\/": dial tcp 127\.0\.0\.1:9: connect: connection refused$/m],
    ['no.such.host.invalid/x:1', /^Error response from daemon: Get "https:\/\/no\.such\.host\.invalid\/v2\/": dial tcp: lookup no\.such\.host\.invalid/m],
    [`${host}/UPPER`, /^invalid reference format: repository name \(UPPER\) must be lowercase$/m],
  ];
  for (const [name, message] of cases) {
    const theirs = await docker('pull', name);
    assert.equal(theirs.code, 1, name);
    assert.match(theirs.stderr, message);
    const ours = await onggi('pull', name);
    assert.deepEqual([ours.code, ours.stderr], [theirs.code, theirs.stderr], name);
  }
});

test('a registry that ends in the middle of a layer: the pull says so, the next one goes on', { timeout: 120_000 }, async () => {
  const big = { name: 'big:1', layers: [base, layerOf([{ name: 'big', data: Buffer.alloc(64 << 20, 'onggi') }])] };
  await using other = await RealRegistry.start();
  await push(big, '--dest-compress-level', '1');
  await run('skopeo', ['--insecure-policy', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false', `docker://${registry.host}/big:1`, `docker://${other.host}/big:1`]);
  const pulling = docker('pull', `${other.host}/big:1`);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await other[Symbol.asyncDispose]();
  const { code } = await pulling;
  assert.ok(code === 0 || code === 1);
  assert.match(await dockerOk('pull', `${registry.host}/big:1`), /Status: Downloaded newer image/);
  await forget(`${registry.host}/big:1`, `${other.host}/big:1`);
});

test('two pulls of the same image at once: both end well, one image', async () => {
  const name = `${registry.host}/app:1`;
  const both = await Promise.all([docker('pull', name), docker('pull', name), onggi('pull', name)]);
  assert.deepEqual(both.map(({ code }) => code), [0, 0, 0]);
  assert.equal((await dockerOk('images', '-q', `${registry.host}/app`)).split('\n').length, 1);
  await forget(name);
});

test('a pull that is broken off with ctrl-c leaves the engine well', async () => {
  const name = `${registry.host}/app:2`;
  await run('timeout', ['-s', 'INT', '0.03', 'docker', 'pull', name]);
  assert.match(await dockerOk('pull', name), /Status: (Downloaded newer image|Image is up to date)/);
  await forget(name);
});

test('on a terminal there are bars, and they end as complete', async () => {
  await using terminal = new Terminal(['docker', 'pull', `${registry.host}/app:1`]);
  await terminal.until(/Pull complete/);
  await terminal.until(/Status: Downloaded newer image/);
  assert.equal(await terminal.exited, 0);
  await forget(`${registry.host}/app:1`);
  await using own = new Terminal([join(import.meta.dirname, '../../bin/onggi'), 'pull', `${registry.host}/app:1`]);
  await own.until(/Pull complete/);
  await own.until(/Status: Downloaded newer image/);
  assert.equal(await own.exited, 0);
  await forget(`${registry.host}/app:1`);
});

test('a push says that it is not there yet', async () => {
  await dockerOk('tag', 'busybox', `${registry.host}/mine:1`);
  const { code, stderr } = await docker('push', `${registry.host}/mine:1`);
  assert.equal(code, 1);
  assert.match(stderr, /not there yet: pushing images/);
  await dockerOk('rmi', `${registry.host}/mine:1`);
});
