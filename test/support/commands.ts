// Runs command lines beside the sandbox's engine (scripts/sandbox sets DOCKER_HOST and ONGGI_HOST).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; -1 for one that a signal ended. */
  readonly code: number;
}

export interface CommandOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** 60 s unless told. */
  readonly timeoutMs?: number;
}

const ROOT = join(import.meta.dirname, '../..');

/** Runs a program to its end; its stdin is `input`, or nothing. */
export async function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const child = spawn(file, args, { env: { ...process.env, ...options.env }, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = Promise.withResolvers<number>();
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {}); // a program that does not read its input is no failure
  child.stdin.end(options.input);
  child.once('error', ended.reject);
  child.once('close', (code) => ended.resolve(code ?? -1));
  const code = await ended.promise.finally(() => clearTimeout(timer));
  return { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code };
}

/** The real docker command line against our engine. */
export function docker(...args: string[]): Promise<Outcome> {
  return run('docker', args);
}

/** Our own command line. */
export function onggi(...args: string[]): Promise<Outcome> {
  return run(join(ROOT, 'bin/onggi'), args);
}

/** The standard output of a docker command that must succeed, without the newline at its end. */
export async function dockerOk(...args: string[]): Promise<string> {
  return succeeded(await docker(...args), `docker ${args.join(' ')}`);
}

export async function onggiOk(...args: string[]): Promise<string> {
  return succeeded(await onggi(...args), `onggi ${args.join(' ')}`);
}

function succeeded({ stdout, stderr, code }: Outcome, what: string): string {
  assert.equal(code, 0, `${what} ended with ${code}\n${stdout}${stderr}`);
  return stdout.replace(/\n$/, '');
}

/** Tries until `check` gives something else than undefined; for what the kernel or a server does in its own time. */
export async function eventually<T>(what: string, check: () => Promise<T | undefined>, timeoutMs = 15_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`in vain waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Makes sure that the busybox image is there. */
export async function busybox(): Promise<void> {
  if ((await docker('image', 'inspect', 'busybox')).code !== 0) await onggiOk('bootstrap', 'busybox');
}

/** Removes these containers at the end of the scope, whatever state they are in. */
export function removing(...names: string[]): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => void (await docker('rm', '-f', '-v', ...names)) };
}
