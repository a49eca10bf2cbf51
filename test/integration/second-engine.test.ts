// What an engine does when its own surroundings are wrong: its roots, its configuration, its runtimes, its disk.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempDisposableSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { FakeRegistry } from '#parts/registry/testing.ts';
import { busybox, dockerOk, eventually, run } from '../support/commands.ts';
import { imageParts, layerOf, MANIFEST_TYPE, ociArchive } from '../support/hand-made.ts';
import { refusedEngine, SecondEngine } from '../support/second-engine.ts';

const sandbox = process.env['ONGGI_SANDBOX'] ?? '';
const scratch = mkdtempDisposableSync(join(tmpdir(), 'onggi-bad-'));
const saved = join(scratch.path, 'busybox.tar');

before(async () => {
  await busybox();
  await dockerOk('save', '-o', saved, 'busybox');
});

test('a second engine on the same data root is refused, and told who holds it', async () => {
  const { code, stderr } = await refusedEngine(join(scratch.path, 'twice'), { dataRoot: join(sandbox, 'data') });
  const pid = readFileSync(process.env['ONGGI_PIDFILE'] ?? '', 'utf8').trim();
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^onggid: the data root ${sandbox}/data is in use by another onggid \\(pid ${pid}, listening on unix://${sandbox}/onggi.sock\\): stop that one first`));
  assert.equal(await dockerOk('version', '--format', '{{.Server.Os}}'), 'linux');
});

test('a socket that somebody answers on is not taken away from him', async () => {
  const { code, stderr } = await refusedEngine(join(scratch.path, 'socket'), { flags: ['-H', `unix://${sandbox}/onggi.sock`] });
  assert.equal(code, 1);
  assert.match(stderr, /onggi\.sock is in use: another program answers on it; give this engine its own with --host/);
  assert.equal(await dockerOk('version', '--format', '{{.Server.Os}}'), 'linux');
});

test('the socket is for root and its group, 0660', async () => {
  await using engine = await SecondEngine.start({ flags: ['--group', '50'] });
  const { mode, uid, gid } = statSync(engine.socket);
  assert.deepEqual([(mode & 0o7777).toString(8), uid, gid], ['660', 0, 50]);
  const asNobody = await run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'docker', 'version'], { env: { DOCKER_HOST: `unix://${engine.socket}`, HOME: '/nonexistent' } });
  assert.match(asNobody.stderr, /permission denied while trying to connect/);
});

const CONFIGURATIONS: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
  [{ bogus: 1 }, /daemon\.json: the following directives don't match any configuration option: bogus$/m],
  [{ 'log-level': 'loud' }, /invalid logging level: loud/],
  [{ dns: '1.1.1.1' }, /dns must be a list of strings/],
  [{ 'userns-remap': 'default' }, /userns-remap/],
  [{ 'default-runtime': 'mine' }, /specified default runtime 'mine' does not exist: add it to "runtimes" in daemon\.json/],
  [{ group: 'no-such-group' }, /group no-such-group not found/],
];

test('a configuration that cannot be meant is refused, and the key is named', async () => {
  for (const [index, [config, message]] of CONFIGURATIONS.entries()) {
    const { code, stderr } = await refusedEngine(join(scratch.path, `config-${index}`), { config });
    assert.equal(code, 1, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^ +at /m, 'a stack');
  }
});

test('a runtime that is not there: its path is said, the others go on', { timeout: 120_000 }, async () => {
  const going = join(scratch.path, 'going-runtime');
  copyFileSync('/usr/bin/crun', going);
  chmodSync(going, 0o755);
  await using engine = await SecondEngine.start({ config: { 'default-runtime': 'mine', runtimes: { mine: { path: '/nonexistent/mine' }, going: { path: going } } } });
  await engine.run('docker', ['load', '-i', saved]);
  const missing = await engine.docker('run', '--rm', '--network', 'none', 'busybox', 'true');
  assert.equal(missing.code, 125);
  assert.match(missing.stderr, /unknown or invalid runtime name: mine: its program \/nonexistent\/mine is not there.*"runtimes" in daemon\.json/);
  assert.match((await engine.docker('run', '--rm', '--runtime', 'nosuch', 'busybox', 'true')).stderr, /unknown or invalid runtime name: nosuch$/m);
  assert.equal((await engine.docker('run', '--rm', '--network', 'none', '--runtime', 'going', 'busybox', 'echo', 'runs')).stdout, 'runs\n');
  rmSync(going);
  const gone = await engine.docker('run', '--rm', '--network', 'none', '--runtime', 'going', 'busybox', 'true');
  assert.notEqual(gone.code, 0);
  assert.match(gone.stderr, /going-runtime/);
  assert.equal((await engine.docker('run', '--rm', '--network', 'none', '--runtime', 'runc', 'busybox', 'echo', 'runs')).stdout, 'runs\n');
  assert.equal((await engine.docker('ps', '-aq')).stdout, '');
});

test('a full disk: load, pull, create and writes fail with its name, and work again when there is room', { timeout: 180_000 }, async () => {
  await using disk = await smallDisk(24);
  await using engine = await SecondEngine.start({ dataRoot: join(disk.path, 'data') });
  assert.equal((await engine.run('docker', ['load', '-i', saved])).code, 0);
  const before = await used(disk.path);

  const big = layerOf([{ name: 'big', data: randomBytes(40_000_000) }]);
  const loaded = await engine.run('docker', ['load'], { input: ociArchive({ name: 'big:1', layers: [big] }) });
  assert.equal(loaded.code, 1);
  assert.match(loaded.stderr, /no space left on device/);
  await using registry = await FakeRegistry.start();
  // the second engine has a network of its own: the registry is brought there through a socket
  const { manifest, blobs } = imageParts({ name: 'big:1', layers: [big] });
  for (const [digest, bytes] of blobs) registry.blobs.set(digest, bytes);
  registry.addManifest('big', '1', MANIFEST_TYPE, manifest.toString());
  await using _way = await engine.forward(registry.host);
  const pulled = await engine.docker('pull', `${registry.host}/big:1`);
  assert.equal(pulled.code, 1, pulled.stdout);
  assert.match(pulled.stderr, /no space left on device/);
  const imported = await engine.run('docker', ['import', '-', 'big:1'], { input: big.tar });
  assert.equal(imported.code, 1);
  assert.match(imported.stderr, /no space left on device/);
  assert.equal((await engine.docker('images', '-q')).stdout.trim().split('\n').length, 1);
  await eventually('the room of what failed', async () => ((await used(disk.path)) < before + 2_000_000 ? true : undefined));

  // a container may fill the disk: it is told so, its log ends, and neither stands in the way of its end
  const filler = await engine.docker('run', '--rm', '--network', 'none', 'busybox', 'sh', '-c', 'dd if=/dev/zero of=/fill bs=1M 2>&1; i=0; while [ $i -lt 20000 ]; do echo "a line of a log on a full disk"; i=$((i+1)); done; rm /fill; echo done >&2');
  assert.equal(filler.code, 0, filler.stderr);
  assert.match(filler.stdout, /No space left on device/);
  assert.equal(filler.stderr, 'done\n');

  writeFileSync(join(disk.path, 'ballast'), '');
  await run('dd', ['if=/dev/zero', `of=${join(disk.path, 'ballast')}`, 'bs=4k']);
  const refused = await engine.docker('run', '--rm', '--network', 'none', 'busybox', 'true');
  assert.equal(refused.code, 125, refused.stdout);
  assert.match(refused.stderr, /no space left on device|disk is full/i);
  assert.equal((await engine.docker('version')).code, 0);
  assert.equal((await engine.docker('ps', '-aq')).stdout, '');
  rmSync(join(disk.path, 'ballast'));
  assert.equal((await engine.docker('run', '--rm', '--network', 'none', 'busybox', 'echo', 'room')).stdout, 'room\n');
});

interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const path = join(scratch.path, 'disk');
  mkdirSync(path);
  const { code, stderr } = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'small', path]);
  assert.equal(code, 0, stderr);
  return { path, [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', path])) };
}

/** Bytes. */
async function used(path: string): Promise<number> {
  const { stdout } = await run('df', ['-B1', '--output=used', path]);
  return Number(stdout.split('\n')[1]);
}
