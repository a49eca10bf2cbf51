import assert from 'node:assert/strict';
import { closeSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { codeOf } from '#base/errors.ts';
import { reap, socketPair, spawnApart } from './spawn.ts';
import { statOf } from './processes.ts';

/** What a shell says on its descriptor 3. */
async function said(script: string, more: (theirs: number) => readonly number[] = (theirs) => [theirs]): Promise<string> {
  const [ours, theirs] = socketPair();
  const pid = spawnApart({ path: '/bin/sh', args: ['-c', script], descriptors: more(theirs) });
  closeSync(theirs);
  const answer = await text(new Socket({ fd: ours }));
  await reap(pid);
  assert.equal(existsSync(`/proc/${pid}`), false, 'no zombie stays');
  return answer;
}

test('a program gets its arguments, the environment, and its descriptors from 3 on', async () => {
  process.env['ONGGI_SPAWN_TEST'] = 'there';
  assert.equal(await said('echo "$0 $ONGGI_SPAWN_TEST $(pwd)" >&3'), '/bin/sh there /\n');
});

/** What this process was itself started with, beyond the standard three. */
function inherited(): string[] {
  const open = readdirSync('/proc/self/fdinfo').filter((name) => Number(name) > 3 && existsSync(`/proc/self/fdinfo/${name}`));
  return open.filter((name) => (parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'))?.[1] ?? '', 8) & 0o2000000) === 0);
}

test('it has a session of its own, ends as told by any signal, and holds nothing of ours open', async () => {
  const [pid, session] = (await said('cut -d" " -f1,6 /proc/$$/stat >&3')).trim().split(' ');
  assert.equal(session, pid);
  // by the shell itself: while it starts another program it blocks signals for a moment
  const signals = await said('while read -r line; do case $line in SigBlk*|SigIgn*) echo "$line";; esac; done < /proc/$$/status >&3');
  assert.match(signals, /^SigBlk:\t0+\nSigIgn:\t0+\n$/);
  const open = (await said('ls /proc/$$/fd >&3')).trim().split('\n').filter((name) => name !== '10'); // where a shell keeps what `>&3` hides
  assert.deepEqual(open.toSorted(), ['0', '1', '2', '3', ...inherited()].toSorted());
});

test('descriptors reach their places in any order', async () => {
  const spare = Array.from({ length: 4 }, () => socketPair());
  try {
    const [first, second, third, fourth] = spare.map(([one]) => one);
    const all = (theirs: number): number[] => [theirs, fourth ?? 0, first ?? 0, third ?? 0, second ?? 0];
    const expected = [fourth, first, third, second].map((descriptor) => /inode:\s*(\d+)|^ino:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[2]);
    const got = await said('for n in 4 5 6 7; do sed -n "s/^ino:[[:space:]]*//p" /proc/$$/fdinfo/$n; done >&3', all);
    assert.deepEqual(got.trim().split('\n'), expected);
  } finally {
    spare.flat().forEach((descriptor) => closeSync(descriptor));
  }
});

test('a program that is not there, or is none, is an error', () => {
  assert.throws(() => spawnApart({ path: '/nowhere/program', args: [], descriptors: [] }), (thrown) => codeOf(thrown) === 'ENOENT');
  assert.throws(() => spawnApart({ path: '/etc/passwd', args: [], descriptors: [] }), (thrown) => codeOf(thrown) === 'EACCES');
  assert.throws(() => spawnApart({ path: '/bin/sh', args: ['a\0b'], descriptors: [] }), /NUL/);
});

test('a program that is not ours to wait for is no error', async () => {
  await reap(1);
  assert.notEqual(statOf(1), undefined);
});
