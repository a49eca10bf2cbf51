import { EngineError } from '#base/errors.ts';

export const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What a container runs: the entry point with the command as its arguments.
 *
 * @throws {EngineError} `invalid`: `no command specified`
 */
export function commandLine(entrypoint: readonly string[] | null, cmd: readonly string[] | null): readonly string[] {
  // `--entrypoint ""` reaches the engine as one empty word: it takes the image's entry point away.
  const head = entrypoint?.length === 1 && entrypoint[0] === '' ? [] : (entrypoint ?? []);
  const args = [...head, ...(cmd ?? [])];
  if (args.length === 0) throw new EngineError('invalid', 'no command specified');
  return args;
}

export interface Environment {
  /** The image's and the user's, merged already. A bare name takes a variable away. */
  readonly given: readonly string[];
  readonly hostname: string;
  readonly tty: boolean;
  readonly home: string;
}

/**
 * A container's environment in Docker's order: PATH, HOSTNAME, TERM with a terminal, then what was given, which wins in
 * place; at the end HOME, unless it is set.
 */
export function containerEnvironment({ given, hostname, tty, home }: Environment): readonly string[] {
  const defaults = [DEFAULT_PATH, `HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : [])];
  return withHome(mergeEnvironment(defaults, given), home);
}

/** Appends HOME where nothing else has set it, as runc does. */
export function withHome(env: readonly string[], home: string): readonly string[] {
  return env.some((variable) => variable.startsWith('HOME=')) ? env : [...env, `HOME=${home}`];
}

/** Later values replace earlier ones in their place; a name without a value removes it (moby container/env.go). */
export function mergeEnvironment(defaults: readonly string[], overrides: readonly string[]): readonly string[] {
  const merged = new Map<string, string>();
  for (const variable of defaults) merged.set(nameOf(variable), variable);
  for (const variable of overrides) {
    const name = nameOf(variable);
    if (variable.includes('=')) merged.set(name, variable);
    else merged.delete(name);
  }
  return [...merged.values()];
}

/** @throws {EngineError} `invalid`: `invalid environment variable: =x` */
export function checkEnvironment(env: readonly string[]): void {
  for (const variable of env) {
    if (nameOf(variable) === '') throw new EngineError('invalid', `invalid environment variable: ${variable}`);
  }
}

function nameOf(variable: string): string {
  const at = variable.indexOf('=');
  return at < 0 ? variable : variable.slice(0, at);
}

/**
 * The working directory, absolute and without `.` and `..`.
 *
 * @throws {EngineError} `invalid`: `the working directory 'x' is invalid, it needs to be an absolute path`
 */
export function workingDirectory(given: string): string {
  if (given === '') return '/';
  if (!given.startsWith('/')) throw new EngineError('invalid', `the working directory '${given}' is invalid, it needs to be an absolute path`);
  const parts: string[] = [];
  for (const part of given.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
