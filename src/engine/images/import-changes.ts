import { posix } from 'node:path';
import { EngineError } from '#base/errors.ts';
import type { ImageRunConfig } from '#parts/oci/image-config.ts';
import { parseExpose, parseHealthcheck } from './import-instructions.ts';
import { jsonWords, pairs, words } from './instruction-words.ts';

type Change = (config: ImageRunConfig, rest: string) => ImageRunConfig;

/** The instructions of a Dockerfile that change nothing but the configuration. */
const CHANGES: Readonly<Record<string, Change>> = {
  CMD: (config, rest) => ({ ...config, cmd: command(rest, config) }),
  ENTRYPOINT: (config, rest) => ({ ...config, entrypoint: command(rest, config) }),
  ENV: (config, rest) => ({ ...config, env: pairs('ENV', rest).reduce(setVariable, [...config.env]) }),
  EXPOSE: (config, rest) => ({ ...config, exposedPorts: sortedSet([...config.exposedPorts, ...words(some('EXPOSE', rest)).flatMap(parseExpose)]) }),
  HEALTHCHECK: (config, rest) => ({ ...config, healthcheck: parseHealthcheck(some('HEALTHCHECK', rest)) }),
  LABEL: (config, rest) => ({ ...config, labels: { ...config.labels, ...Object.fromEntries(pairs('LABEL', rest)) } }),
  ONBUILD: (config, rest) => ({ ...config, onBuild: [...(config.onBuild ?? []), trigger(rest)] }),
  STOPSIGNAL: (config, rest) => ({ ...config, stopSignal: one('STOPSIGNAL', rest) }),
  USER: (config, rest) => ({ ...config, user: one('USER', rest) }),
  VOLUME: (config, rest) => ({ ...config, volumes: sortedSet([...config.volumes, ...volumes(rest)]) }),
  WORKDIR: (config, rest) => ({ ...config, workingDir: posix.resolve(config.workingDir || '/', some('WORKDIR', rest)) }),
};

/**
 * Applies the `--change` instructions of import and commit, in order.
 *
 * @throws {EngineError} `invalid` in Docker's words
 */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  return changes
    .flatMap((change) => change.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .reduce((changed, line) => {
      const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
      const change = Object.hasOwn(CHANGES, name.toUpperCase()) ? CHANGES[name.toUpperCase()] : undefined;
      if (!change) throw new EngineError('invalid', `${name.toUpperCase()} is not a valid change command`);
      return change(changed, rest.trim());
    }, config);
}

/** A JSON list is the command itself; anything else goes to the shell. */
function command(rest: string, { shell }: ImageRunConfig): readonly string[] {
  const exec = jsonWords(rest);
  if (exec) return exec;
  return rest === '' ? [] : [...(shell ?? ['/bin/sh', '-c']), rest];
}

function setVariable(env: string[], [name, value]: readonly [string, string]): string[] {
  const index = env.findIndex((each) => each.startsWith(`${name}=`));
  if (index < 0) return [...env, `${name}=${value}`];
  return env.with(index, `${name}=${value}`);
}

function volumes(rest: string): readonly string[] {
  const listed = jsonWords(some('VOLUME', rest)) ?? words(rest);
  const paths = listed.map((path) => path.trim());
  if (paths.includes('')) throw new EngineError('invalid', 'VOLUME specified can not be an empty string');
  return paths;
}

function trigger(rest: string): string {
  const name = /^\S+/.exec(some('ONBUILD', rest))?.[0].toUpperCase() ?? '';
  if (name === 'ONBUILD') throw new EngineError('invalid', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === 'MAINTAINER' || name === 'FROM') throw new EngineError('invalid', `${name} isn't allowed as an ONBUILD trigger`);
  return rest;
}

function some(name: string, rest: string): string {
  if (rest === '') throw new EngineError('invalid', `${name} requires at least one argument`);
  return rest;
}

function one(name: string, rest: string): string {
  const found = words(rest);
  const [only] = found;
  if (found.length !== 1 || only === undefined) throw new EngineError('invalid', `${name} requires exactly one argument`);
  return only;
}

function sortedSet(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted();
}
