// What is wrong in what users give: each gets an error that says what, the engine stays up, nothing half-made is left.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '#parts/oci/digest.ts';
import { FakeRegistry } from '#parts/registry/testing.ts';
import { busybox, docker, dockerOk, type Outcome, removing, run } from '../support/commands.ts';
import { busyboxLayer, type HandMadeLayer, imageParts, layerOf, MANIFEST_TYPE, ociArchive, oldArchive } from '../support/hand-made.ts';
import { leavingNothing } from '../support/leftovers.ts';
import { ask } from '../support/raw-http.ts';

before(busybox);

/** Bodies and queries that dockerd 28 answers with these very words. */
const REFUSED: readonly (readonly [method: string, path: string, body: unknown, status: number, message: string | RegExp])[] = [
  ['POST', '/containers/create', '{', 400, 'invalid JSON: unexpected EOF'],
  ['POST', '/containers/create', '{"Image":"busybox",}', 400, /^invalid JSON: invalid character '}' looking for beginning of object key string$/],
  ['POST', '/containers/create', '{"Image":"busybox"} x', 400, 'unexpected content after JSON'],
  ['POST', '/containers/create', { Image: 5 }, 400, /^invalid JSON: json: cannot unmarshal number into Go struct field .*Image of type string$/],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { Memory: '1' } }, 400, /cannot unmarshal string into Go struct field .*Memory of type int64/],
  ['POST', '/containers/create', {}, 400, 'config cannot be empty in order to create a container'],
  ['POST', '/containers/create?name=a+b', { Image: 'busybox' }, 400, 'Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
  ['POST', '/containers/create?name=../x', { Image: 'busybox' }, 400, 'Invalid container name (../x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
  ['POST', '/containers/create', { Image: 'BUSYBOX' }, 400, /must be lowercase/],
  ['POST', '/containers/create', { Image: 'nosuch:tag' }, 404, 'No such image: nosuch:tag'],
  ['POST', '/containers/create', { Image: 'busybox@sha256:1234' }, 400, /invalid reference format/],
  ['POST', '/containers/create?platform=a/b/c/d', { Image: 'busybox' }, 400, '"a/b/c/d": cannot parse platform specifier: invalid argument'],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '99999' }] } } }, 400, /99999/],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { PortBindings: { '80/tcp': [{ HostPort: 'x' }] } } }, 400, /[Ii]nvalid/],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { Binds: ['x:y'] } }, 500, /mount path must be absolute/],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { Mounts: [{ Type: 'bind', Source: '/nonexist', Target: '/b' }] } }, 400, 'invalid mount config for type "bind": bind source path does not exist: /nonexist'],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { LogConfig: { Type: 'bogus' } } }, 400, /bogus/],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { LogConfig: { Type: 'json-file', Config: { bogus: '1' } } } }, 400, /unknown log opt 'bogus' for json-file log driver/],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { Memory: 100 } }, 400, 'Minimum memory limit allowed is 6MB'],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } } }, 400, /maximum retry count/],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { Links: ['nosuch:a'] } }, 400, 'could not get container for nosuch: No such container: nosuch'],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { VolumesFrom: ['nosuch'] } }, 400, 'No such container: nosuch'],
  ['POST', '/containers/create', { Image: 'busybox', HostConfig: { SecurityOpt: ['bogus'] } }, 500, /invalid --security-opt 1: "bogus"/],
  ['POST', '/containers/create', { Image: 'busybox', StopSignal: 'BOGUS' }, 400, 'invalid signal: BOGUS'],
  ['GET', '/containers/nosuch/json', undefined, 404, 'No such container: nosuch'],
  ['GET', '/containers/json?filters={', undefined, 400, /invalid filter/],
  ['GET', '/containers/json?filters={"bogus":["1"]}', undefined, 400, "invalid filter 'bogus'"],
  ['GET', '/containers/json?filters={"status":["bogus"]}', undefined, 400, "invalid filter 'status=bogus': invalid value for state (bogus): must be one of created, running, paused, restarting, removing, exited, dead"],
  ['GET', '/containers/json?limit=abc', undefined, 500, 'strconv.Atoi: parsing "abc": invalid syntax'],
  ['GET', '/images/json?filters={"bogus":["1"]}', undefined, 400, "invalid filter 'bogus'"],
  ['GET', '/images/NOSUCH/json', undefined, 400, /must be lowercase/],
  ['POST', '/images/create?fromImage=UPPER', undefined, 400, /must be lowercase/],
  ['POST', '/images/busybox/tag?repo=x&tag=a/b', undefined, 400, 'invalid tag format'],
  ['DELETE', '/images/nosuch', undefined, 404, 'No such image: nosuch:latest'],
  ['POST', '/volumes/create', { Name: 'a b' }, 400, /includes invalid characters for a local volume name/],
  ['DELETE', '/volumes/nosuch', undefined, 404, 'get nosuch: no such volume'],
  ['GET', '/networks/nosuch', undefined, 404, 'network nosuch not found'],
  ['POST', '/exec/nosuch/start', {}, 404, 'No such exec instance: nosuch'],
  ['GET', '/nosuch', undefined, 404, 'page not found'],
];

test('bodies, names, references, ports and filters that make no sense are refused in dockerd’s words', async () => {
  await leavingNothing(async () => {
    for (const [method, path, body, status, message] of REFUSED) {
      const answer = await ask(method, path, body);
      const said = (answer.json() as { message: string }).message;
      const what = `${method} ${path} ${JSON.stringify(body)}: ${said}`;
      assert.equal(answer.status, status, what);
      if (typeof message === 'string') assert.equal(said, message, what);
      else assert.match(said, message, what);
    }
  });
});

test('fields that nobody knows are passed over, as dockerd does', async () => {
  await using _gone = removing('odd-fields');
  const made = await ask('POST', '/containers/create?name=odd-fields', { Image: 'busybox', Bogus: 1, HostConfig: { Bogus: {}, __proto__: null } });
  assert.equal(made.status, 201);
});

test('requests that are no HTTP end their own connection and nothing else', async () => {
  const socket = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');
  for (const input of [randomBytes(4096), Buffer.from('GET / HTTP/9.9\r\n\r\n'), Buffer.from(`GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`), Buffer.from('POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{')]) {
    await run('socat', ['-t', '1', '-', `UNIX-CONNECT:${socket}`], { input, timeoutMs: 10_000 });
    assert.equal((await ask('GET', '/_ping')).text, 'OK');
  }
});

test('the command line: names, references and ports', async () => {
  const cases: readonly (readonly [readonly string[], RegExp, number?])[] = [
    [['run', '--name', 'a b', 'busybox'], /Invalid container name \(a b\)/],
    [['run', 'BUSYBOX'], /repository name \(library\/BUSYBOX\) must be lowercase/],
    [['run', 'a::b'], /invalid reference format/],
    [['run', '-p', '99999:80', 'busybox'], /invalid hostPort: 99999/],
    [['run', '-p', '80:80/nope', 'busybox'], /invalid proto: nope/],
    [['run', '-p', '1.2.3:80:80', 'busybox'], /invalid IP address: 1\.2\.3/],
    [['run', '--network', 'nosuch', 'busybox'], /network nosuch not found/],
    [['run', '--network', 'container:nosuch', 'busybox'], /No such container: nosuch/],
    [['run', '--user', 'nosuch', 'busybox'], /unable to find user nosuch: no matching entries in passwd file/],
    [['run', '-w', 'relative', 'busybox'], /the working directory 'relative' is invalid, it needs to be an absolute path/],
    [['run', '--cpus', '0.001', 'busybox'], /invalid argument/],
    [['run', '--device', '/dev/nosuch', 'busybox'], /gathering device information .*"\/dev\/nosuch": no such file or directory/, 127],
    [['run', '--ulimit', 'bogus=1', 'busybox'], /bogus/],
    [['run', '--sysctl', 'bogus=1', 'busybox'], /bogus/],
  ];
  await leavingNothing(async () => {
    for (const [words, message, expected = 125] of cases) {
      await using _gone = removing('bad-words');
      const asked = words.includes('--name') ? words : ['run', '--name', 'bad-words', ...words.slice(1)];
      const { code, stderr } = await docker(...asked);
      assert.equal(code, expected, `${words.join(' ')}: ${stderr}`);
      assert.match(stderr, message);
    }
  });
});

test('an image for another platform loads; a create warns, a run says why it cannot be', async () => {
  await leavingNothing(async () => {
    const archive = ociArchive({ name: 'foreign:1', architecture: 'arm64', layers: [layerOf([{ name: 'bin/', type: 'directory' }, { name: 'bin/sh', mode: 0o755, data: foreignProgram() }])] });
    const loaded = await run('docker', ['load'], { input: archive });
    assert.match(loaded.stdout, /^Loaded image: foreign:1$/m);
    assert.equal(await dockerOk('inspect', '-f', '{{.Architecture}}', 'foreign:1'), 'arm64');
    await using _gone = removing('foreigner');
    const made = await docker('create', '--name', 'foreigner', 'foreign:1');
    assert.equal(made.code, 0);
    assert.match(made.stderr, /WARNING: The requested image's platform \(linux\/arm64\) does not match the detected host platform \(linux\/amd64\) and no specific platform was requested/);
    const started = await docker('start', '-a', 'foreigner');
    assert.notEqual(started.code, 0);
    assert.match(started.stderr, /exec format error/);
    const wrong = await docker('run', '--rm', '--platform', 'linux/arm64', '--pull', 'never', 'busybox');
    assert.equal(wrong.code, 125);
    assert.match(wrong.stderr, /does not match the specified platform/);
    await docker('rm', 'foreigner');
    await dockerOk('rmi', 'foreign:1');
  });
});

/** The head of an ELF program for arm64, which is all that the kernel looks at. */
function foreignProgram(): Buffer {
  const head = Buffer.alloc(120);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(183, 18);
  return head;
}

const good = layerOf([{ name: 'etc/', type: 'directory' }, { name: 'etc/x', data: 'x'.repeat(5000) }]);
const whole = gzipSync(layerOf([{ name: 'big', data: randomBytes(200_000) }]).tar);

/** What a layer can have that is wrong, and what is said of it. */
const CORRUPT: readonly { readonly what: string; readonly layer: HandMadeLayer; readonly says: RegExp }[] = [
  { what: 'another digest than the manifest says', layer: { ...good, digest: digestOf('something else') }, says: /digest|content does not match|mismatch|verif/i },
  { what: 'another digest when unpacked than the configuration says', layer: { ...good, diffId: digestOf('something else') }, says: /layer|diff|digest/i },
  { what: 'a gzip stream that ends early', layer: { tar: good.tar, packed: whole.subarray(0, whole.length >> 1) }, says: /unexpected (EOF|end)|truncated|ends/i },
  { what: 'bytes that are no archive', layer: { tar: good.tar, packed: randomBytes(5000) }, says: /tar|archive|header|compress|digest/i },
  { what: 'an archive cut in the middle of a file', layer: { tar: good.tar.subarray(0, 3000) }, says: /unexpected (EOF|end)|ends|truncated|cut/i },
];

for (const { what, layer, says } of CORRUPT) {
  test(`a layer with ${what}: refused by load and by pull`, { timeout: 60_000 }, async () => {
    await leavingNothing(async () => {
      for (const archive of [ociArchive, ...(layer.digest === undefined && layer.packed === undefined ? [oldArchive] : [])]) {
        const loaded = await run('docker', ['load'], { input: archive({ name: 'corrupt:1', layers: [busyboxLayer(['sh']), layer] }) });
        assert.equal(loaded.code, 1, loaded.stdout);
        assert.match(loaded.stderr, says);
      }
      const pulled = await pullOf([busyboxLayer(['sh']), layer]);
      assert.equal(pulled.code, 1, pulled.stdout);
      assert.match(pulled.stderr, says);
      await forgetFetched();
    });
  });
}

/** What a failed pull has fetched whole is kept for the next try for a day, or until a prune. */
async function forgetFetched(): Promise<void> {
  await dockerOk('image', 'prune', '-f');
}

/** Pulls an image of these layers from a registry that serves them as they are. */
async function pullOf(layers: readonly HandMadeLayer[]): Promise<Outcome> {
  await using registry = await FakeRegistry.start();
  const { manifest, blobs } = imageParts({ name: 'x:1', layers });
  for (const [digest, bytes] of blobs) registry.blobs.set(digest, bytes);
  registry.addManifest('corrupt', '1', MANIFEST_TYPE, manifest.toString());
  return await docker('pull', `${registry.host}/corrupt:1`);
}

/** Ways out of the folder that a layer is unpacked in. Some are refused, some end up inside: none may reach the host. */
test('a layer that climbs out with .. or through a symlink touches nothing outside', async () => {
  using target = mkdtempDisposableSync(join(tmpdir(), 'climb-target-'));
  const up = `${'../'.repeat(12)}${target.path.slice(1)}`;
  const climbers: readonly HandMadeLayer[] = [
    layerOf([{ name: `${up}/dots`, data: 'out' }]),
    layerOf([{ name: `a/../${up}/inner-dots`, data: 'out' }]),
    layerOf([{ name: `${target.path}/absolute`, data: 'out' }]),
    layerOf([{ name: 'way', type: 'symlink', linkPath: target.path }, { name: 'way/through', data: 'out' }]),
    layerOf([{ name: 'way', type: 'symlink', linkPath: up }, { name: 'way/up', data: 'out' }]),
    layerOf([{ name: 'pass', type: 'link', linkPath: '/etc/passwd' }]),
    layerOf([{ name: 'pass', type: 'link', linkPath: '../../../../../../../../etc/passwd' }]),
    layerOf([{ name: 'way', type: 'symlink', linkPath: target.path }, { name: 'way/.wh.keep' }]),
    layerOf([{ name: 'way', type: 'symlink', linkPath: target.path }, { name: 'way/.wh..wh..opq' }]),
    layerOf([{ name: `${up}/.wh.keep` }]),
    layerOf([{ name: '.wh...' }]),
    layerOf([{ name: '.wh..' }]),
  ];
  copyFileSync('/etc/hostname', join(target.path, 'keep'));
  await leavingNothing(async () => {
    for (const [index, layer] of climbers.entries()) {
      for (const bring of [() => run('docker', ['load'], { input: ociArchive({ name: 'climber:1', layers: [busyboxLayer(['sh', 'cat']), layer] }) }), () => pullOf([layer])]) {
        const { code, stdout, stderr } = await bring();
        const said = `climber ${index}: ${stdout}${stderr}`;
        if (code !== 0) assert.match(stderr, /\.\.|outside|invalid|breakout|escap|whiteout|link|no such/i, said);
        assert.deepEqual(await run('ls', ['-A', target.path]), { stdout: 'keep\n', stderr: '', code: 0 }, said);
        await removeAllClimbers();
      }
    }
  });
});

async function removeAllClimbers(): Promise<void> {
  const names = (await dockerOk('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n').filter((name) => /climber|corrupt/.test(name));
  if (names.length > 0) await dockerOk('rmi', ...names);
  await forgetFetched();
}

test('an image that links its own password file to the host’s: users are read inside', async () => {
  await leavingNothing(async () => {
    const layer = busyboxLayer(['sh', 'id'], [{ name: 'etc/', type: 'directory' }, { name: 'etc/passwd', type: 'symlink', linkPath: `${'../'.repeat(10)}etc/shadow` }]);
    await run('docker', ['load'], { input: ociArchive({ name: 'peeker:1', layers: [layer] }) });
    const asked = await docker('run', '--rm', '--user', 'daemon', 'peeker:1', 'id', '-u');
    assert.equal(asked.code, 125);
    assert.match(asked.stderr, /unable to find user daemon/);
    await dockerOk('rmi', 'peeker:1');
  });
});

test('archives that are none: load and import say so', async () => {
  await leavingNothing(async () => {
    for (const input of ['', 'no archive at all', randomBytes(100_000), gzipSync('x').subarray(0, 12)]) {
      const loaded = await run('docker', ['load'], { input });
      assert.equal(loaded.code, 1);
      assert.match(loaded.stderr, /archive|unexpected EOF|tar|compress/i);
    }
    for (const input of [randomBytes(100_000), whole.subarray(0, 1000)]) {
      const imported = await run('docker', ['import', '-', 'broken:1'], { input });
      assert.equal(imported.code, 1, imported.stdout);
    }
    const change = await run('docker', ['import', '-c', 'BOGUS x', '-', 'broken:1'], { input: good.tar });
    assert.match(change.stderr, /^Error response from daemon: BOGUS is not a valid change command$/m);
  });
});

test('an entry point that is not there is 127, one that cannot be executed 126', async () => {
  await leavingNothing(async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['busybox', 'nope'], 127, /exec: "nope": executable file not found in \$PATH/],
      [['busybox', '/nope'], 127, /no such file or directory/],
      [['busybox', '/etc/passwd'], 126, /permission denied/],
      [['busybox', '/etc'], 126, /is a directory|permission denied/],
      [['--entrypoint', '/nope', 'busybox'], 127, /no such file or directory/],
      [['--entrypoint', '', 'busybox'], 125, /no command specified/],
    ];
    for (const [words, expected, message] of cases) {
      const { code, stderr } = await docker('run', '--rm', '--network', 'none', ...words);
      assert.equal(code, expected, `${words.join(' ')}: ${stderr}`);
      assert.match(stderr, message);
    }
  });
});

test('a loop of symlinks in the image is an error, not an endless search', async () => {
  await leavingNothing(async () => {
    const layer = busyboxLayer(['sh'], [{ name: 'etc', type: 'symlink', linkPath: 'loop' }, { name: 'loop', type: 'symlink', linkPath: 'etc' }]);
    const loaded = await run('docker', ['load'], { input: ociArchive({ name: 'loop:1', layers: [layer] }) });
    assert.equal(loaded.code, 0, loaded.stderr);
    const asked = await docker('run', '--rm', 'loop:1', 'true');
    assert.equal(asked.code, 125);
    assert.match(asked.stderr, /too many (levels of )?symbolic links/i);
    await dockerOk('rmi', 'loop:1');
  });
});

test('a bind whose place in the container goes through a symlink stays inside the container', async () => {
  using outside = mkdtempDisposableSync(join(tmpdir(), 'bind-outside-'));
  await leavingNothing(async () => {
    const layer = busyboxLayer(['sh', 'ls', 'touch'], [{ name: 'way', type: 'symlink', linkPath: `${'../'.repeat(10)}${outside.path.slice(1)}` }]);
    await run('docker', ['load'], { input: ociArchive({ name: 'way:1', layers: [layer] }) });
    await docker('run', '--rm', '-v', `${import.meta.dirname}:/way/sub`, 'way:1', 'true');
    assert.deepEqual((await run('ls', ['-A', outside.path])).stdout, '');
    await dockerOk('rmi', 'way:1');
  });
});
