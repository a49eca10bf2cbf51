// One more engine beside the sandbox's, with a network namespace and roots of its own: for what must not be tried on the first.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandOptions, eventually, type Outcome, run } from './commands.ts';

const ONGGID = join(import.meta.dirname, '../../bin/onggid');

export interface EngineSettings {
  /** daemon.json, but for `cgroup-parent`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly flags?: readonly string[];
  /** A folder of its own unless told. */
  readonly dataRoot?: string;
}

export class SecondEngine implements AsyncDisposable {
  readonly folder: string;
  readonly socket: string;
  readonly #child: ChildProcess;
  readonly #remove: () => void;

  private constructor(folder: string, child: ChildProcess, remove: () => void) {
    this.folder = folder;
    this.socket = join(folder, 'onggi.sock');
    this.#child = child;
    this.#remove = remove;
  }

  /** Waits until it answers. @throws {Error} with its log when it ends before */
  static async start(settings: EngineSettings = {}): Promise<SecondEngine> {
    const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-second-'));
    const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; exec "$@" 2> "$0"', join(folder.path, 'log'), ONGGID, ...argumentsFor(folder.path, settings)], { stdio: 'ignore' });
    const engine = new SecondEngine(folder.path, child, () => folder.remove());
    try {
      await eventually('the second engine', async () => {
        if (child.exitCode !== null) throw new Error(engine.log());
        return (await engine.docker('version')).code === 0 ? true : undefined;
      });
    } catch (thrown) {
      await engine[Symbol.asyncDispose]();
      throw thrown;
    }
    return engine;
  }

  docker(...args: string[]): Promise<Outcome> {
    return this.run('docker', args);
  }

  run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return run(file, args, { ...options, env: { DOCKER_HOST: `unix://${this.socket}`, ...options.env } });
  }

  /** Makes `address` of this test's network reachable at the same address in the engine's, which is another. */
  async forward(address: string): Promise<AsyncDisposable> {
    const socket = join(this.folder, `forward-${address.split(':').at(-1)}`);
    const port = address.split(':').at(-1) ?? '';
    const ends = [
      spawn('socat', [`UNIX-LISTEN:${socket},fork`, `TCP:${address}`], { stdio: 'ignore' }),
      spawn('nsenter', [`--net=/proc/${this.#child.pid}/ns/net`, 'socat', `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${socket}`], { stdio: 'ignore' }),
    ];
    await eventually('the way to the registry', async () => {
      const { code } = await run('nsenter', [`--net=/proc/${this.#child.pid}/ns/net`, 'curl', '-fs', '-o', '/dev/null', `http://${address}/v2/`]);
      return code === 0 ? true : undefined;
    });
    return {
      [Symbol.asyncDispose]: async () => {
        for (const end of ends) {
          const closed = new Promise((resolve) => end.once('close', resolve));
          if (end.exitCode === null && end.kill('SIGTERM')) await closed;
        }
      },
    };
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode === null && this.#child.kill('SIGTERM')) await closed;
    this.#remove();
  }
}

/** The command line of an engine that lives in `folder`; makes its daemon.json. */
export function argumentsFor(folder: string, { config = {}, flags = [], dataRoot }: EngineSettings): string[] {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'daemon.json');
  writeFileSync(file, JSON.stringify({ 'cgroup-parent': cgroupParent(), ...config }));
  return [
    '--data-root', dataRoot ?? join(folder, 'data'), '--exec-root', join(folder, 'run'), '-H', `unix://${join(folder, 'onggi.sock')}`,
    '--pidfile', join(folder, 'pid'), '--config-file', file, ...flags,
  ];
}

/** Tries to start an engine that is to fail; answers what it said. */
export function refusedEngine(folder: string, settings: EngineSettings): Promise<Outcome> {
  return run('unshare', ['--net', ONGGID, ...argumentsFor(folder, settings)], { timeoutMs: 15_000 });
}

/** Below the sandbox's own, which is swept at its end. */
function cgroupParent(): string {
  const sandbox = process.env['ONGGI_SANDBOX'] ?? '';
  return `/onggi-${sandbox.slice(sandbox.lastIndexOf('.') + 1)}/second`;
}
