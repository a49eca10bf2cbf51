// Images as archives: what comes in, what goes out, what a container sees of the layers, what may be removed.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeTar } from '#parts/tar/testing.ts';
import { busybox, docker, dockerOk, onggiOk, removing, run } from '../support/commands.ts';
import { busyboxLayer, type HandMadeImage, layerOf, ociArchive, oldArchive } from '../support/hand-made.ts';

const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-images-'));
const APPLETS = ['sh', 'cat', 'echo', 'ls', 'stat', 'find', 'test', 'id', 'rm', 'readlink', 'true', 'touch', 'mkdir', 'seq'];

before(busybox);
after(() => folder.remove());

async function load(archive: Buffer | string): Promise<string> {
  const { code, stdout, stderr } = await run('docker', ['load'], { input: archive });
  assert.equal(code, 0, stderr);
  return stdout;
}

async function idOf(name: string): Promise<string> {
  return await dockerOk('inspect', '-f', '{{.Id}}', name);
}

test('what skopeo writes is loaded: docker-archive and OCI layout, the same image each time', async () => {
  const source = join(folder.path, 'source.tar');
  await dockerOk('save', '-o', source, 'busybox');
  const id = await idOf('busybox');
  const forms = [['docker-archive', `${folder.path}/docker.tar:made:docker`], ['oci-archive', `${folder.path}/oci.tar:made:oci`], ['oci', `${folder.path}/layout:made:oci`]] as const;
  for (const [transport, place] of forms) {
    const copied = await run('skopeo', ['--insecure-policy', 'copy', `docker-archive:${source}`, `${transport}:${place}`]);
    assert.equal(copied.code, 0, copied.stderr);
  }
  await run('tar', ['-C', join(folder.path, 'layout'), '-cf', join(folder.path, 'layout.tar'), '.']);
  assert.equal(await dockerOk('load', '-i', join(folder.path, 'docker.tar')), 'Loaded image: made:docker');
  assert.equal(await idOf('made:docker'), id);
  for (const file of ['oci.tar', 'layout.tar']) {
    const loaded = await dockerOk('load', '-i', join(folder.path, file));
    assert.match(loaded, /^Loaded image/m);
    const name = loaded.replace(/^Loaded image(?: ID)?: /, '');
    const layers = '{{json .RootFS.Layers}}';
    assert.equal(await dockerOk('inspect', '-f', layers, name), await dockerOk('inspect', '-f', layers, 'busybox'));
    assert.equal(await dockerOk('run', '--rm', '--network', 'none', name, 'echo', 'runs'), 'runs');
  }
  await docker('rmi', 'made:docker', 'made:oci', 'oci:latest');
});

test('saved and loaded again, an image is the same in all that it says', async () => {
  const file = join(folder.path, 'round.tar');
  await load(ociArchive({ name: 'round:1', layers: [busyboxLayer(APPLETS), layerOf([{ name: 'x', data: 'x' }])], config: { Labels: { a: 'b' }, Env: ['PATH=/bin', 'A=ü'], ExposedPorts: { '80/tcp': {} }, Volumes: { '/v': {} }, User: '7', WorkingDir: '/w', StopSignal: 'SIGINT' } }));
  await dockerOk('tag', 'round:1', 'round:2');
  const told = async (): Promise<unknown> => {
    const { Metadata: _, ...rest } = (JSON.parse(await dockerOk('image', 'inspect', 'round:1')) as [Record<string, unknown>])[0];
    return rest;
  };
  const first = await told();
  await dockerOk('save', '-o', file, 'round:1', 'round:2', 'busybox');
  await dockerOk('rmi', 'round:1', 'round:2');
  assert.deepEqual((await dockerOk('load', '-i', file)).split('\n').toSorted(), ['Loaded image: busybox:latest', 'Loaded image: round:1', 'Loaded image: round:2']);
  assert.deepEqual(await told(), first);
  const other = await run('skopeo', ['--insecure-policy', 'inspect', `docker-archive:${file}:round:2`]);
  assert.match(other.stdout, /"a": "b"/);
  await dockerOk('rmi', 'round:1', 'round:2');
});

test('an archive from a pipe, gzipped, and quietly', async () => {
  const archive = ociArchive({ name: 'piped:1', layers: [layerOf([{ name: 'x', data: 'x' }])] });
  const packed = await run('sh', ['-c', 'gzip -c | docker load -q'], { input: archive });
  assert.equal(packed.stdout, 'Loaded image: piped:1\n');
  await dockerOk('rmi', 'piped:1');
  assert.equal(await load(oldArchive({ name: 'piped:2', layers: [layerOf([{ name: 'y', data: 'y' }])] })), 'Loaded image: piped:2\n');
  await dockerOk('rmi', 'piped:2');
});

test('import makes an image of one layer, with changes, from a pipe and from a file', async () => {
  const { tar } = busyboxLayer(APPLETS);
  const made = await run('docker', ['import', '-c', 'CMD ["echo", "imported"]', '-c', 'ENV PATH=/bin', '-c', 'LABEL k=v', '-m', 'by hand', '-', 'imported:1'], { input: tar });
  assert.match(made.stdout, /^sha256:[0-9a-f]{64}\n$/);
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', 'imported:1'), 'imported');
  assert.equal(await dockerOk('inspect', '-f', '{{.Config.Labels.k}} {{len .RootFS.Layers}} {{.Comment}}', 'imported:1'), 'v 1 by hand');
  assert.match(await dockerOk('history', '--format', '{{.Comment}}', 'imported:1'), /by hand/);
  await dockerOk('rmi', 'imported:1');
});

test('tag and rmi: by name, by id, by digest of another, forced, in use', async () => {
  await using _gone = removing('user');
  await load(ociArchive({ name: 'rules:1', layers: [busyboxLayer(APPLETS), layerOf([{ name: 'rules', data: '1' }])] }));
  const id = await idOf('rules:1');
  await dockerOk('tag', 'rules:1', 'rules:2');
  assert.equal(await dockerOk('rmi', 'rules:1'), 'Untagged: rules:1');
  await dockerOk('tag', id.slice(7, 19), 'rules:1');
  const several = await docker('rmi', id);
  assert.equal(several.code, 1);
  assert.match(several.stderr, new RegExp(`conflict: unable to delete ${id.slice(7, 19)} \\(must be forced\\) - image is referenced in multiple repositories|must be forced`));
  await dockerOk('create', '--name', 'user', 'rules:2');
  assert.equal(await dockerOk('rmi', 'rules:1'), 'Untagged: rules:1');
  const used = await docker('rmi', 'rules:2');
  assert.equal(used.code, 1);
  assert.match(used.stderr, /^Error response from daemon: conflict: unable to remove repository reference "rules:2" \(must force\) - container [0-9a-f]{12} is using its referenced image [0-9a-f]{12}$/m);
  assert.equal(await dockerOk('rmi', '-f', 'rules:2'), `Untagged: rules:2\nDeleted: ${id}`);
  assert.equal(await dockerOk('start', '-a', 'user'), '', 'it runs without a name for its image');
  assert.equal(await dockerOk('ps', '-a', '--filter', 'name=user', '--format', '{{.Image}}'), id.slice(7, 19));
  await dockerOk('rm', 'user');
  await load(ociArchive({ name: 'rules:3', layers: [busyboxLayer(APPLETS), layerOf([{ name: 'rules', data: '1' }])] }));
  await dockerOk('tag', id, 'rules:4');
  const gone = await dockerOk('rmi', '-f', id);
  assert.deepEqual(gone.split('\n').map((line) => line.replace(/sha256:.*/, '')), ['Untagged: rules:3', 'Untagged: rules:4', 'Deleted: ', 'Deleted: ', 'Deleted: ']);
  assert.match((await docker('rmi', 'rules:4')).stderr, /No such image: rules:4/);
});

test('a tag that moves leaves its old image without a name; prune takes what has none', async () => {
  const of = (text: string): HandMadeImage => ({ name: 'moving:1', layers: [layerOf([{ name: 'x', data: text }])] });
  await load(ociArchive(of('one')));
  const old = await idOf('moving:1');
  const said = await load(oldArchive(of('two')));
  assert.match(said, new RegExp(`The image moving:1 already exists, renaming the old one with ID ${old} to empty string`));
  assert.match(await dockerOk('images', '--filter', 'dangling=true', '--no-trunc', '-q'), new RegExp(old));
  const pruned = await dockerOk('image', 'prune', '-f');
  assert.match(pruned, new RegExp(`^Deleted Images:\ndeleted: ${old}\n`, 'm'));
  assert.match(pruned, /Total reclaimed space: \d/);
  assert.equal((await docker('inspect', old)).code, 1);
  await dockerOk('rmi', 'moving:1');
});

test('images: filters, formats, digests and order', async () => {
  const layers = [layerOf([{ name: 'x', data: 'x' }])];
  await load(ociArchive({ name: 'listed/one:1', layers, config: { Labels: { kind: 'a', n: '1' } } }));
  await load(ociArchive({ name: 'listed/two:2', layers, config: { Labels: { kind: 'b' } } }));
  const names = async (...args: string[]): Promise<string> => (await dockerOk('images', '--format', '{{.Repository}}:{{.Tag}}', ...args)).split('\n').toSorted().join(' ');
  assert.equal(await names('listed/one'), 'listed/one:1');
  assert.equal(await names('listed/*'), 'listed/one:1 listed/two:2');
  assert.equal(await names('--filter', 'label=kind=a'), 'listed/one:1');
  assert.equal(await names('--filter', 'label=n'), 'listed/one:1');
  assert.equal(await names('--filter', 'reference=*/two:*'), 'listed/two:2');
  assert.equal(await names('--filter', 'reference=listed/*', '--filter', 'label=kind=b'), 'listed/two:2');
  assert.equal(await names('nothing-of-this-name'), '');
  assert.match(await dockerOk('images', '--digests', 'listed/one'), /DIGEST/);
  assert.match(await dockerOk('images', '--no-trunc', '-q', 'listed/one'), /^sha256:[0-9a-f]{64}$/);
  assert.equal((await docker('images', '--filter', 'bogus=1')).stderr.trim(), "Error response from daemon: invalid filter 'bogus'");
  await dockerOk('rmi', 'listed/one:1', 'listed/two:2');
});

test('history tells the steps of the image, the newest first', async () => {
  const lines = (await dockerOk('history', '--no-trunc', '--format', '{{.ID}}|{{.CreatedBy}}|{{.Size}}', 'busybox')).split('\n');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^sha256:[0-9a-f]{64}\|onggi bootstrap busybox\|\d/);
});

test('whiteouts, opaque folders, links, devices, modes, owners, times and attributes are as the layers say', async () => {
  const lower = busyboxLayer(APPLETS, [
    { name: 'data/', type: 'directory', mode: 0o750, uid: 1000, gid: 1001 },
    { name: 'data/gone', data: 'gone' }, { name: 'data/kept', data: 'kept' }, { name: 'data/replaced', data: 'old' },
    { name: 'opaque/', type: 'directory' }, { name: 'opaque/hidden', data: 'hidden' }, { name: 'opaque/sub/', type: 'directory' }, { name: 'opaque/sub/hidden', data: 'hidden' },
    { name: 'becomes-folder', data: 'file' }, { name: 'becomes-file/', type: 'directory' }, { name: 'becomes-file/inside', data: 'x' },
    { name: 'removed/', type: 'directory' }, { name: 'removed/deep/', type: 'directory' }, { name: 'removed/deep/file', data: 'x' },
    { name: 'again', data: 'first' },
    { name: 'link-to-data', type: 'symlink', linkPath: 'data' },
  ]);
  const middle = layerOf([
    { name: 'data/.wh.gone' }, { name: 'data/replaced', data: 'new' },
    { name: 'opaque/', type: 'directory', mode: 0o700 }, { name: 'opaque/.wh..wh..opq' }, { name: 'opaque/seen', data: 'seen' },
    { name: 'becomes-folder/', type: 'directory' }, { name: 'becomes-folder/inside', data: 'in' }, { name: 'becomes-file', data: 'file' },
    { name: '.wh.removed' }, { name: '.wh.again' },
  ]);
  const upper = layerOf([
    { name: 'again', data: 'second' },
    { name: 'setuid', data: '#!', mode: 0o4755, uid: 0, gid: 50 },
    { name: 'sticky/', type: 'directory', mode: 0o1777 },
    { name: 'hard-a', data: 'both', mode: 0o640, uid: 5, gid: 6 }, { name: 'hard-b', type: 'link', linkPath: 'hard-a' },
    { name: 'soft', type: 'symlink', linkPath: '/data/kept' }, { name: 'soft-broken', type: 'symlink', linkPath: '/nowhere' },
    { name: 'null', type: 'character', mode: 0o666, device: { major: 1, minor: 3 } },
    { name: 'disk', type: 'block', mode: 0o660, device: { major: 8, minor: 1 } },
    { name: 'pipe', type: 'fifo', mode: 0o600 },
    { name: 'marked', data: 'x', xattrs: new Map([['user.colour', Buffer.from('blue')], ['security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex')]]), uid: 123456, gid: 654321 },
    { name: 'old', data: 'x', modified: { seconds: 86_400, nanoseconds: 5 } },
    { name: `${'long/'.repeat(40)}name`, data: 'deep' },
    { name: 'ü-\u{1f41f}', data: 'fish' },
    { name: 'data/.wh..wh.plnk', data: '' },
  ]);
  const image = { name: 'layered:1', layers: [lower, middle, upper] };
  for (const archive of [ociArchive(image), oldArchive(image)]) {
    await load(archive);
    const inside = (script: string): Promise<string> => dockerOk('run', '--rm', '--network', 'none', 'layered:1', 'sh', '-c', script);
    const found = (await inside('cd /; find data opaque becomes-folder becomes-file removed again 2>/dev/null; true')).split('\n').toSorted();
    assert.deepEqual(found, ['again', 'becomes-file', 'becomes-folder', 'becomes-folder/inside', 'data', 'data/kept', 'data/replaced', 'opaque', 'opaque/seen']);
    assert.equal(await inside('cat /data/kept /link-to-data/replaced /again /becomes-file; echo; readlink /link-to-data'), 'keptnewsecondfile\ndata');
    const facts = (paths: string): Promise<string> => inside(`stat -c '%n %a %u:%g %F %h %t,%T' ${paths}`);
    assert.deepEqual((await facts('/data /opaque /setuid /sticky /hard-a /hard-b /null /disk /pipe /marked')).split('\n'), [
      '/data 750 1000:1001 directory 1 0,0',
      '/opaque 700 0:0 directory 2 0,0',
      '/setuid 4755 0:50 regular file 1 0,0',
      '/sticky 1777 0:0 directory 2 0,0',
      '/hard-a 640 5:6 regular file 2 0,0',
      '/hard-b 640 5:6 regular file 2 0,0',
      '/null 666 0:0 character special file 1 1,3',
      '/disk 660 0:0 block special file 1 8,1',
      '/pipe 600 0:0 fifo 1 0,0',
      '/marked 644 123456:654321 regular file 1 0,0',
    ]);
    assert.equal(await inside("cat /soft; readlink /soft-broken; stat -c %Y /old; cat /long/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/name; cat /ü-*"), 'kept/nowhere\n86400\ndeepfish');
    assert.equal(await inside('find / -xdev -name ".wh.*"'), '');
    await attributesOf('layered:1');
    await dockerOk('rmi', 'layered:1');
  }
});

test('a hard link to a file of a layer below is refused, as dockerd does, and says which', async () => {
  const layers = [layerOf([{ name: 'kept', data: 'x' }]), layerOf([{ name: 'hard', type: 'link', linkPath: 'kept' }])];
  const { code, stderr } = await run('docker', ['load'], { input: oldArchive({ name: 'linked:1', layers }) });
  assert.equal(code, 1);
  assert.match(stderr, /archive entry "hard": a hard link to "kept", which is not in this archive before it/);
});

/** Extended attributes, read in the container's root from outside. */
async function attributesOf(image: string): Promise<void> {
  await using _gone = removing('attributes');
  await dockerOk('run', '-d', '--name', 'attributes', '--network', 'none', '--entrypoint', '/bin/sh', image, '-c', 'while :; do sleep 1; done || sh');
  const root = await dockerOk('inspect', '-f', '{{.GraphDriver.Data.MergedDir}}', 'attributes');
  const script = 'import os, sys; [print(name, os.getxattr(sys.argv[1], name).hex()) for name in sorted(os.listxattr(sys.argv[1]))]';
  const { stdout } = await run('python3', ['-c', script, join(root, 'marked')]);
  assert.match(stdout, /^security\.capability 0100000200040000/m);
  assert.match(stdout, /^user\.colour 626c7565$/m);
}

test('what a container writes over its image is its own, and the image stays as it was', async () => {
  await using _gone = removing('writer-1');
  await load(ociArchive({ name: 'shared:1', layers: [busyboxLayer(APPLETS, [{ name: 'd/', type: 'directory' }, { name: 'd/f', data: 'image' }])] }));
  await dockerOk('run', '--name', 'writer-1', '--network', 'none', 'shared:1', 'sh', '-c', 'echo mine > /d/f; rm -r /bin/cat; mkdir /new');
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', 'shared:1', 'cat', '/d/f'), 'image');
  assert.equal(await dockerOk('start', '-a', 'writer-1').catch(() => ''), '');
  await dockerOk('rm', 'writer-1');
  await dockerOk('rmi', 'shared:1');
});

test('an image of many layers works', { timeout: 120_000 }, async () => {
  const layers = [busyboxLayer(APPLETS), ...Array.from({ length: 126 }, (_, index) => layerOf([{ name: `n/${index}`, data: String(index) }]))];
  await load(ociArchive({ name: 'tall:1', layers }));
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', 'tall:1', 'sh', '-c', 'ls /n | while read x; do echo $x; done | sort 2>/dev/null; set -- /n/*; echo $#').then((text) => text.split('\n').at(-1)), '126');
  await dockerOk('rmi', 'tall:1');
});

test('an image whose files are already in the archive twice, and an empty layer', async () => {
  const empty = { tar: makeTar([]) };
  const same = layerOf([{ name: 'x', data: 'x' }]);
  await load(ociArchive({ name: 'twice:1', layers: [busyboxLayer(APPLETS), empty, same, empty, same] }));
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', 'twice:1', 'cat', '/x'), 'x');
  assert.equal(await dockerOk('inspect', '-f', '{{len .RootFS.Layers}}', 'twice:1'), '5');
  await dockerOk('rmi', 'twice:1');
});

test('onggi bootstrap busybox says what it does, and does it once', async () => {
  const first = await onggiOk('bootstrap', 'busybox');
  assert.match(first, /busybox:latest/);
  const id = await idOf('busybox');
  await onggiOk('bootstrap', 'busybox');
  assert.equal(await idOf('busybox'), id);
  assert.equal(await dockerOk('run', '--rm', '--network', 'none', 'busybox', 'sh', '-c', 'id -un; ls -d /tmp /etc/passwd'), 'root\n/etc/passwd\n/tmp');
});
