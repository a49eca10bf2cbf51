import { readFileSync } from 'node:fs';
import { EngineError, codeOf, messageOf } from '#base/errors.ts';
import { checkLabel } from './flag-checks.ts';

/** `KEY=VALUE` texts as a map; a key without a value has an empty one, and the last one wins. */
export function pairsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/**
 * The variables of `--env-file` and `--env`, in that order: the engine lets the later one win. A name without a value
 * is taken from `env`, and left out of a file where it is not set there.
 */
export function environment(files: readonly string[], texts: readonly string[], env: NodeJS.ProcessEnv): readonly string[] | null {
  const all = [...files.flatMap((file) => lines(file, (name) => env[name])), ...texts];
  return all.length === 0 ? null : all;
}

/** The labels of `--label-file` and `--label`. */
export function labels(files: readonly string[], texts: readonly string[]): Record<string, string> {
  return pairsOf([...files.flatMap((file) => lines(file, () => undefined).map(checkLabel)), ...texts]);
}

const WHITE = /[ \t\n\v\f\r]/;

/** @param valueOf where a name without a value gets one; a name that gets none is left out */
function lines(file: string, valueOf: (name: string) => string | undefined): string[] {
  const text = readText(file).replace(/^\uFEFF/, '');
  return text.split(/\r?\n/).flatMap((line) => {
    const trimmed = line.trimStart();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const equals = trimmed.indexOf('=');
    const name = (equals === -1 ? trimmed : trimmed.slice(0, equals)).trimStart();
    if (WHITE.test(name)) throw new EngineError('invalid', `invalid env file (${file}): variable '${name}' contains whitespaces`);
    if (name === '') throw new EngineError('invalid', `invalid env file (${file}): no variable name on line '${trimmed}'`);
    if (equals !== -1) return [trimmed];
    const value = valueOf(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (thrown) {
    throw new EngineError('invalid', `open ${file}: ${codeOf(thrown) === 'ENOENT' ? 'no such file or directory' : messageOf(thrown)}`, { cause: thrown });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const before = bytes.subarray(0, bytes.indexOf(10) + 1);
    throw new EngineError('invalid', `invalid env file (${file}): invalid utf8 bytes at line ${before.length === 0 ? 1 : 2}`);
  }
}
