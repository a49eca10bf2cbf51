import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { busybox, docker, dockerOk, onggi, removing, run, type Outcome } from '../support/commands.ts';

const ONGGI = join(import.meta.dirname, '../../bin/onggi');
const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-copies-'));
const here = (name: string): string => join(folder.path, name);

before(async () => {
  await busybox();
  mkdirSync(here('t/a'), { recursive: true });
  writeFileSync(here('t/one'), '1\n');
  writeFileSync(here('t/a/two'), '2\n');
  symlinkSync('one', here('t/link'));
  await dockerOk('run', '-d', '--name', 'files', '-u', '1234:1235', '-v', '/vol', '-v', `${here('t')}:/ro:ro`, '--tmpfs', '/tf', 'busybox', 'sleep', '1000');
  await dockerOk('exec', '-u', '0', 'files', 'sh', '-c', 'mkdir -p /d/sub /open; chmod 777 /open; echo hi > /d/f; ln -s /d /ld; ln -s /d/sub /ls; ln -s f /d/lf; ln -s nowhere /d/broken; echo v > /vol/v; echo t > /tf/t');
});

after(async () => {
  await docker('rm', '-f', '-v', 'files');
  await Promise.resolve(folder.remove());
});

const CLIENTS = [['docker', docker], ['onggi', onggi]] as const;

const plain = ({ code, stderr }: Outcome): string => `${code} ${stderr.replace(/^time=.*\n/gm, '').trim()}`;

for (const [name, client] of CLIENTS) {
  test(`${name} cp from a container`, async () => {
    mkdirSync(here(name));
    const out = (path: string): string => here(`${name}/${path}`);
    const cases: readonly (readonly [string[], string])[] = [
      [['files:/d', out('')], '0 '], [['files:/d', out('new')], '0 '], [['files:/d/.', out('dot')], '0 '], [['files:/d/f', out('g')], '0 '],
      [['files:/ld', out('')], '0 '], [['-L', 'files:/ld', out('followed')], '0 '], [['files:/ld/', out('slash')], '0 '], [['files:/vol', out('')], '0 '],
      [['files:/d/f', out('no/')], '1 no such directory'],
      [['files:/d/f', out('no/x')], `1 invalid output path: directory "${out('no')}" does not exist`],
      [['files:/d', out('g')], '1 cannot copy directory'],
      [['files:/nope', out('')], '1 Error response from daemon: Could not find the file /nope in container files'],
      [['files:/tf/t', out('')], '1 Error response from daemon: Could not find the file /tf/t in container files'],
      [['files:/d', 'files:/x'], '1 copying between containers is not supported'],
      [['a', 'b'], '1 must specify at least one container source'],
    ];
    for (const [words, wanted] of cases) assert.equal(plain(await client('cp', ...words)), wanted, words.join(' '));
    assert.deepEqual(readdirSync(out('')).sort(), ['d', 'dot', 'followed', 'g', 'ld', 'new', 'slash', 'vol']);
    for (const place of ['d', 'dot', 'followed', 'new', 'slash']) assert.deepEqual(readdirSync(out(place)).sort(), ['broken', 'f', 'lf', 'sub'], place);
    assert.equal(readFileSync(out('vol/v'), 'utf8'), 'v\n');
    const { stdout } = await run(name === 'docker' ? 'docker' : ONGGI, ['cp', 'files:/d/f', '-']);
    assert.equal((await run('tar', ['-t'], { input: stdout })).stdout, 'f\n');
  });

  test(`${name} cp into a container`, async () => {
    const to = `/open/${name}`;
    await dockerOk('exec', 'files', 'mkdir', to);
    const cases: readonly (readonly [string[], string])[] = [
      [[here('t'), `files:${to}`], '0 '], [[`${here('t')}/.`, `files:${to}`], '0 '], [[here('t/one'), `files:${to}/named`], '0 '], [['-a', here('t/one'), `files:${to}/owned`], '0 '],
      [['-L', here('t/link'), `files:${to}/followed`], '0 '], [[here('t/one'), 'files:/vol/new'], '0 '], [[here('t/one'), 'files:/ls'], '0 '],
      [[here('t/one'), 'files:/nodir/'], '1 no such directory'],
      [[here('t/one'), 'files:/nodir/x'], '1 Error response from daemon: Could not find the file /nodir in container files'],
      [[here('t'), 'files:/d/f'], '1 cannot copy directory'],
      [[here('t/one'), 'files:/ro'], '1 Error response from daemon: mounted volume is marked read-only'],
      [[here('nofile'), 'files:/'], `1 lstat ${here('nofile')}: no such file or directory`],
    ];
    for (const [words, wanted] of cases) assert.equal(plain(await client('cp', ...words)), wanted, words.join(' '));
    assert.deepEqual((await dockerOk('exec', 'files', 'ls', to)).split('\n'), ['a', 'followed', 'link', 'named', 'one', 'owned', 't']);
    assert.equal(await dockerOk('exec', 'files', 'stat', '-c', '%u:%g', `${to}/owned`, `${to}/named`), '1234:1235\n0:0');
    assert.equal(await dockerOk('exec', 'files', 'sh', '-c', `cat ${to}/t/a/two ${to}/followed /vol/new /d/sub/one`), '2\n1\n1\n1');
    const { stdout: tar } = await run('tar', ['-C', here('t'), '-c', 'one']);
    assert.equal(plain(await run(name === 'docker' ? 'docker' : ONGGI, ['cp', '-', `files:${to}/a`], { input: tar })), '0 ');
    assert.equal(await dockerOk('exec', 'files', 'cat', `${to}/a/one`), '1');
  });

  test(`${name} cp with a container that does not run, and one that never did`, async () => {
    await using _gone = removing('still');
    await dockerOk('create', '--name', 'still', '-v', '/data', 'busybox', 'cat', '/etc/put', '/data/put');
    for (const place of ['/etc/put', '/data/put']) assert.equal(plain(await client('cp', here('t/one'), `still:${place}`)), '0 ');
    assert.equal(await dockerOk('start', '-a', 'still'), '1\n1');
    const target = here(`${name}-still`);
    assert.equal(plain(await client('cp', 'still:/data/put', target)), '0 ');
    assert.equal(statSync(target).size, 2);
  });
}

test('a read-only root takes nothing, its volumes do', async () => {
  await using _gone = removing('closed');
  await dockerOk('create', '--name', 'closed', '--read-only', '-v', '/data', 'busybox', 'true');
  assert.equal(plain(await docker('cp', here('t/one'), 'closed:/tmp/')), '1 Error response from daemon: container rootfs is marked read-only');
  assert.equal(plain(await docker('cp', here('t/one'), 'closed:/data/')), '0 ');
});

test('a container that swaps a folder for a link all the time gets nothing of the host', async () => {
  await using _gone = removing('swapper');
  await dockerOk('run', '-d', '--name', 'swapper', 'busybox', 'sh', '-c', `mkdir /real; ln -s ${folder.path} /link; while true; do mv -T /real /s; mv -T /s /real; mv -T /link /s; mv -T /s /link; done`);
  for (let round = 0; round < 10; round++) {
    await docker('cp', here('t/one'), 'swapper:/s/stolen');
    const { stdout } = await docker('cp', 'swapper:/s/t/one', '-');
    assert.equal(stdout, '');
  }
  assert.ok(!readdirSync(folder.path).includes('stolen'));
});

test('nothing of a copy stays mounted, and none of its descriptors open', async () => {
  const pid = readFileSync(process.env['ONGGI_PIDFILE'] ?? '', 'utf8').trim();
  const count = (): number => readdirSync(`/proc/${pid}/fd`).length;
  await dockerOk('cp', 'files:/d/f', here('warm'));
  const [mounts, before] = [readFileSync(`/proc/${pid}/mountinfo`, 'utf8'), count()];
  for (let round = 0; round < 5; round++) await dockerOk('cp', 'files:/d', here('again'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'), mounts);
  assert.ok(count() <= before + 2, `${before} descriptors before, ${count()} after`);
});
