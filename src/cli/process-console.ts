import { isatty } from 'node:tty';
import { codeOf } from '#base/errors.ts';
import type { Console, InputEnd, OutputEnd } from './console.ts';

// What a shell reports for a process that SIGPIPE has ended; Node ignores the signal itself.
const BROKEN_PIPE_EXIT = 141;

/** The console of this very process. */
export function processConsole(): Console {
  return {
    stdin: processInput(),
    stdout: outputEnd(() => process.stdout, 1),
    stderr: outputEnd(() => process.stderr, 2),
    env: process.env,
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => void process.off(signal, listener);
    },
  };
}

function processInput(): InputEnd {
  return {
    isTerminal: isatty(0),
    open: () => process.stdin,
    raw: () => changeTerminal(['raw', '-echo'], () => setNodeRaw()),
    hideTyping: () => changeTerminal(['-echo'], () => () => {}),
  };
}

/**
 * Node's own raw mode leaves output processing on, which doubles the carriage returns of full-screen programs;
 * stty's does not. Node restores the terminal at exit in any case, since it remembers how it found it.
 */
function changeTerminal(settings: readonly string[], withoutStty: () => () => void): () => void {
  // Loaded here alone: most commands never need it, and every one pays for what stands at the top.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const stdio: ['inherit', 'pipe', 'ignore'] = ['inherit', 'pipe', 'ignore'];
  const before = spawnSync('stty', ['-g'], { stdio }).stdout?.toString().trim() ?? '';
  if (before === '' || spawnSync('stty', settings, { stdio }).status !== 0) return withoutStty();
  return () => void spawnSync('stty', [before], { stdio });
}

function setNodeRaw(): () => void {
  process.stdin.setRawMode(true);
  return () => void process.stdin.setRawMode(false);
}

// The streams of this process are built on first use: that costs milliseconds, and most commands need only one.
function outputEnd(open: () => NodeJS.WriteStream, fd: number): OutputEnd {
  let opened: NodeJS.WriteStream | undefined;
  const stream = (): NodeJS.WriteStream => (opened ??= guarded(open()));
  return {
    get stream() {
      return stream();
    },
    isTerminal: isatty(fd),
    size: () => (stream().isTTY ? { rows: stream().rows, columns: stream().columns } : undefined),
    write: (data) => void stream().write(data),
    async flushed() {
      if (opened === undefined || opened.writableLength === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      opened.write('', () => resolve());
      await promise;
    },
    onResize(listener) {
      stream().on('resize', listener);
      return () => void stream().off('resize', listener);
    },
  };
}

function guarded(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  stream.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') process.exit(BROKEN_PIPE_EXIT);
    throw error;
  });
  return stream;
}
