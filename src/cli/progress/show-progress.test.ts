import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgressMessage } from '#protocol/progress.ts';
import { FakeConsole } from '../testing.ts';
import { showProgress } from './show-progress.ts';

const PULL: readonly ProgressMessage[] = [
  { status: 'Pulling from library/nginx', id: 'latest' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'aaa' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'bbb' },
  { status: 'Downloading', progressDetail: { current: 512, total: 1024 }, progress: '[===>   ]', id: 'aaa' },
  { status: 'Pull complete', progressDetail: {}, id: 'aaa' },
  { status: 'Digest: sha256:1' },
];

async function* stream(messages: readonly ProgressMessage[]): AsyncGenerator<ProgressMessage> {
  yield* messages;
}

test('elsewhere than on a terminal every step is a line, without bars', async () => {
  const console = new FakeConsole();
  await showProgress(stream(PULL), console.stdout);
  assert.equal(console.output, 'latest: Pulling from library/nginx\naaa: Pulling fs layer\nbbb: Pulling fs layer\naaa: Pull complete\nDigest: sha256:1\n');
});

test('on a terminal each layer keeps its line', async () => {
  const console = new FakeConsole({ terminal: { rows: 40, columns: 120 } });
  await showProgress(stream(PULL), console.stdout);
  assert.deepEqual(screen(console.output), [
    'latest: Pulling from library/nginx',
    'aaa: Pull complete',
    'bbb: Pulling fs layer',
    'Digest: sha256:1',
  ]);
});

test('a bar is left out where the terminal is narrow', async () => {
  const downloading = [PULL[3] ?? {}];
  const wide = new FakeConsole({ terminal: { rows: 40, columns: 120 } });
  await showProgress(stream(downloading), wide.stdout);
  assert.match(wide.output, /Downloading \[=+>\s+\]\s+512B\/1\.024kB/);
  const narrow = new FakeConsole({ terminal: { rows: 40, columns: 80 } });
  await showProgress(stream(downloading), narrow.stdout);
  assert.match(narrow.output, /Downloading  ?512B\/1\.024kB/);
});

test('an error in the stream ends it with the engine\'s words', async () => {
  const console = new FakeConsole();
  await assert.rejects(showProgress(stream([{ status: 'a' }, { errorDetail: { message: 'no space left' }, error: 'no space left' }]), console.stdout), { message: 'no space left' });
});

test('plain text of a stream is passed on as it is', async () => {
  const console = new FakeConsole();
  await showProgress(stream([{ stream: 'Loaded image: a:1\n' }, { aux: { ID: 'x' } }]), console.stdout, (aux) => assert.deepEqual(aux, { ID: 'x' }));
  assert.equal(console.output, 'Loaded image: a:1\n');
});

/** What stands on a terminal's screen after this output. */
function screen(output: string): string[] {
  const rows: string[] = [''];
  let row = 0;
  let column = 0;
  for (const [, ansi, count, text] of output.replaceAll('\u001b[', '<esc>').matchAll(/<esc>(\d*)([ABK])|([^])/g)) {
    if (count === 'A') row -= Number(ansi);
    else if (count === 'B') row += Number(ansi);
    else if (count === 'K') rows[row] = '';
    else if (text === '\n') [row, column] = [row + 1, 0];
    else if (text === '\r') column = 0;
    else {
      rows[row] = (rows[row] ?? '').slice(0, column) + (text ?? '');
      column += 1;
    }
    for (let at = 0; at <= row; at += 1) rows[at] ??= '';
  }
  return rows.filter((line) => line !== '');
}
