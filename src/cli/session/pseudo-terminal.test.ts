import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeRunner } from './testing.ts';

const MAIN = fileURLToPath(import.meta.resolve('../main.ts'));

/** A shell under a pseudo terminal of util-linux's `script`, to be typed into and read from. */
class TypedShell implements Disposable {
  readonly #child;
  #shown = '';

  constructor(commands: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('script', ['-qfec', commands, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env, SHELL: '/bin/sh' } });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#shown += text));
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Resolves to all that was shown once it holds `text`. */
  async shows(text: string): Promise<string> {
    const end = Date.now() + 10_000;
    while (!this.#shown.includes(text)) {
      assert.ok(Date.now() < end, `${JSON.stringify(text)} never appeared in ${JSON.stringify(this.#shown)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.#shown;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

test('under a real terminal, run -it passes every key on, and leaves the terminal as it found it', { timeout: 30_000 }, async () => {
  await using runner = await FakeRunner.start({ tty: true, echoes: true });
  const onggi = `'${process.execPath}' '${MAIN}'`;
  const script = `stty rows 30 cols 90; ${onggi} run -it busybox; echo rc=$?; stty -a; echo done`;
  using shell = new TypedShell(script, { ONGGI_HOST: runner.engine.address, HOME: '/nonexistent' });
  while (!runner.calls.some((call) => call.endsWith('/resize'))) await new Promise((resolve) => setTimeout(resolve, 20));

  // ^C, ^D and ^Z are the container's; what it says is shown as it came.
  shell.type('one\u0003\u0004\u001atwo');
  await shell.shows('one\u0003\u0004\u001atwo');
  shell.type('\u0010\u0011');
  const shown = await shell.shows('done');

  assert.match(shown, /rc=0/);
  for (const setting of [/[^-]icanon/, /[^-]echo\b/, /[^-]isig/, /[^-]opost/]) assert.match(shown, setting);
  assert.equal(runner.engine.requests.find(({ path }) => path.endsWith('/resize'))?.query.toString(), 'h=30&w=90');
});

test('the terminal is restored too when the command is killed', { timeout: 30_000 }, async () => {
  await using runner = await FakeRunner.start({ tty: true, echoes: true });
  const script = `sh -c 'echo pid=$$; exec "${process.execPath}" "${MAIN}" run -it --sig-proxy=false busybox'; echo rc=$?; stty -a; echo done`;
  using shell = new TypedShell(script, { ONGGI_HOST: runner.engine.address, HOME: '/nonexistent' });
  while (!runner.calls.some((call) => call.endsWith('/start'))) await new Promise((resolve) => setTimeout(resolve, 20));
  shell.type('ready');
  const pid = /pid=(\d+)/.exec(await shell.shows('ready'))?.[1];

  process.kill(Number(pid), 'SIGTERM');
  const shown = await shell.shows('done');

  assert.match(shown, /rc=143/);
  for (const setting of [/[^-]icanon/, /[^-]echo\b/]) assert.match(shown, setting);
});
