// The same words to the docker command line and to ours, against the same engine, say and do the same.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { busybox, docker, dockerOk, onggi, run, type Outcome } from '../support/commands.ts';

const ONGGI = join(import.meta.dirname, '../../bin/onggi');
const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-same-'));
const saved = join(folder.path, 'busybox.tar');

before(async () => {
  await busybox();
  await dockerOk('save', '-o', saved, 'busybox');
  await dockerOk('run', '-d', '--name', 'same1', '-p', '127.0.0.1:8091:80', '--label', 'a=b', 'busybox', 'sh', '-c', 'echo one; echo two >&2; exec sleep 1000');
  await dockerOk('create', '--name', 'same2', 'busybox', 'sh', '-c', 'echo started; exit 3');
});

after(async () => {
  await docker('rm', '-f', '-v', 'same1', 'same2', 'same3');
  await Promise.resolve(folder.remove());
});

/** Words that change nothing, or that may be said twice. */
const REPEATABLE: readonly (readonly string[])[] = [
  // of one repository: docker shows the repositories of one image in an order of chance
  ['images', '--format', '{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}}', 'busybox'],
  ['images', '-q', '--no-trunc', 'busybox'],
  ['images', 'nothing-of-that-name'],
  ['image', 'inspect', 'busybox', '-f', '{{.Os}}/{{.Architecture}} {{json .Config.Cmd}}'],
  ['history', '--format', '{{.ID}} {{.CreatedBy}}', 'busybox'],
  ['ps', '-a', '--filter', 'name=same', '--format', 'table {{.Names}}\t{{.Image}}\t{{.Ports}}\t{{.State}}'],
  ['ps', '-aq', '--no-trunc', '--filter', 'label=a=b'],
  ['ps', '--filter', 'bogus=1'],
  ['ps', '--format', '{{.Foo}}'],
  ['ps', '--format', '{{range $i, $n := split .Names "a"}}{{$i}}{{$n}} {{end}}'],
  ['logs', 'same1'],
  ['logs', '-n', '1', '-t', 'same1'],
  ['logs', 'nothing-of-that-name'],
  ['exec', 'same1', 'sh', '-c', 'echo out; echo err >&2; exit 9'],
  ['exec', '-w', '/bin', '-e', 'X=1', '-u', '5:6', 'same1', 'sh', '-c', 'pwd; echo $X; id'],
  ['exec', 'same1', 'no-such-program'],
  ['exec', 'same2', 'true'],
  ['top', 'same1', '-o', 'pid,comm'],
  ['port', 'same1'],
  ['port', 'same1', '80'],
  ['port', 'same1', '81'],
  ['inspect', 'same1'],
  ['inspect', '-f', '{{.HostConfig.LogConfig.Type}} {{.NetworkSettings.IPAddress}}', 'same1', 'same2'],
  ['inspect', '-f', '{{.Nope}}', 'same1'],
  ['inspect', 'same1', 'nothing-of-that-name'],
  ['inspect', '--type', 'image', 'same1'],
  ['container', 'inspect', 'same2', '-f', '{{json .State.Status}}'],
  ['network', 'inspect', 'bridge'],
  ['network', 'ls', '--no-trunc'],
  ['volume', 'inspect', 'nothing-of-that-name'],
  ['info', '--format', '{{.Driver}} {{.LoggingDriver}}'],
  ['version', '--format', '{{.Server.Version}}'],
  ['start', '-a', 'same2'],
  ['attach', 'same2'],
  ['wait', 'same2'],
  ['kill', 'same2'],
  ['kill', '-s', 'NONSENSE', 'same1'],
  ['rename', 'nothing-of-that-name', 'x1'],
  ['rm', 'same1'],
  ['rm', '-f', 'nothing-of-that-name'],
  ['rmi', 'nothing-of-that-name'],
  ['stop', 'nothing-of-that-name', 'same2'],
  ['tag', 'busybox', 'Upper'],
  ['load', '-i', saved],
  ['load', '-i', '/etc/passwd'],
  ['pull', 'Not/A:valid:name'],
  ['run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7'],
  ['run', '--rm', '-w', '/tmp', '--user', '5:6', '-e', 'A=1', 'busybox', 'sh', '-c', 'pwd; id; echo $A'],
  ['run', '--rm', '--pull', 'never', 'nothing-of-that-name'],
  ['run', '--network', 'nothing-of-that-name', '--rm', 'busybox'],
  ['run', '--memory', '1k', 'busybox'],
  ['run', '-it', '--rm', 'busybox'],
  ['run', '-p', '80:80:80:80', 'busybox'],
  ['run', '--no-such-flag', 'busybox'],
  ['run'],
  ['no-such-command'],
  ['network', 'no-such-command'],
];

for (const words of REPEATABLE) {
  test(`${words.join(' ')}`, async () => {
    assert.deepEqual(ours(await onggi(...words)), await docker(...words));
  });
}

/** Words that cannot be said twice, with the docker words that undo them. */
const UNDONE: readonly { readonly words: readonly string[]; readonly undo: readonly string[] }[] = [
  { words: ['pause', 'same1'], undo: ['unpause', 'same1'] },
  { words: ['rename', 'same1', 'same3'], undo: ['rename', 'same3', 'same1'] },
  { words: ['tag', 'busybox', 'same:1'], undo: ['rmi', 'same:1'] },
  { words: ['volume', 'create', 'same-volume'], undo: ['volume', 'rm', 'same-volume'] },
  { words: ['stop', '-t', '0', 'same1'], undo: ['start', 'same1'] },
  { words: ['restart', '-t', '0', 'same1', 'nothing-of-that-name'], undo: ['start', 'same1'] },
  { words: ['kill', 'same1'], undo: ['start', 'same1'] },
];

for (const { words, undo } of UNDONE) {
  test(`${words.join(' ')}`, async () => {
    const mine = ours(await onggi(...words));
    await dockerOk(...undo);
    const theirs = await docker(...words);
    await dockerOk(...undo);
    assert.deepEqual(mine, theirs);
  });
}

test('piped input reaches a container, and its end too', async () => {
  const input = 'x'.repeat(3_000_000);
  for (const words of [['run', '--rm', '-i', 'busybox', 'wc', '-c'], ['exec', '-i', 'same1', 'wc', '-c']]) {
    const mine = await run(ONGGI, words, { input });
    assert.deepEqual(ours(mine), await run('docker', words, { input }));
    assert.equal(mine.stdout.trim(), '3000000');
  }
});

test('an archive saved by one is read by the other', async () => {
  const words = ['save', 'busybox'];
  const mine = await run('sh', ['-c', `"${ONGGI}" save busybox | cmp - "${saved}" && echo same`]);
  assert.deepEqual([mine.stdout, mine.code], ['same\n', 0], words.join(' '));
});

test('events are told in the same words', async () => {
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const words = ['events', '--since', '10m', '--until', until, '--filter', 'container=same1', '--filter', 'event=start'];
  assert.deepEqual(ours(await onggi(...words)), await docker(...words));
  const json = [...words, '--format', '{{json .}}'];
  assert.deepEqual(ours(await onggi(...json)), await docker(...json));
});

/** Our words with the other program's name in them. */
function ours({ stdout, stderr, code }: Outcome): Outcome {
  return { stdout, stderr: stderr.replaceAll(/^onggi:/gm, 'docker:').replaceAll(/(?<=')onggi (?=\S)|(?<=command: )onggi |(?<=Usage: {2})onggi /g, 'docker '), code };
}
