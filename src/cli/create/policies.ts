import { readFileSync } from 'node:fs';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';
import type { LogConfig, RestartPolicyConfig } from '#protocol/host-config.ts';
import { pairsOf } from './key-values.ts';

/** `--restart`: `no`, `always`, `unless-stopped`, `on-failure[:MAX]`. The engine knows the names. */
export function restartPolicy(text: string): RestartPolicyConfig {
  if (text === '') return { Name: '', MaximumRetryCount: 0 };
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  if (colon !== -1 && name === '') throw new EngineError('invalid', 'invalid restart policy format: no policy provided before colon');
  const retries = colon === -1 ? undefined : text.slice(colon + 1);
  if (retries !== undefined && !/^[+-]?[0-9]+$/.test(retries)) throw new EngineError('invalid', 'invalid restart policy format: maximum retry count must be an integer');
  return { Name: name, MaximumRetryCount: Number(retries ?? 0) };
}

/** `--log-driver` and `--log-opt`. */
export function logConfig(driver: string, options: readonly string[]): LogConfig {
  if (driver === 'none' && options.length > 0) throw new EngineError('invalid', 'invalid logging opts for driver none');
  return { Type: driver, Config: pairsOf(options) };
}

/** `--storage-opt`; undefined where none was given. */
export function storageOptions(options: readonly string[]): Record<string, string> | undefined {
  if (options.some((option) => !option.includes('='))) throw new EngineError('invalid', 'invalid storage option');
  return options.length === 0 ? undefined : pairsOf(options);
}

export interface SecurityOptions {
  readonly securityOpt: readonly string[] | null;
  /** Empty with `systempaths=unconfined`, which is the client's own word for no masks; null leaves it to the engine. */
  readonly maskedPaths: readonly string[] | null;
}

/** `--security-opt`; a seccomp profile is read here, since the file is the client's. */
export function securityOptions(texts: readonly string[]): SecurityOptions {
  const options = texts.map(securityOption).filter((option) => option !== 'systempaths=unconfined');
  const maskedPaths = texts.includes('systempaths=unconfined') ? [] : null;
  return { securityOpt: texts.length === 0 ? null : options, maskedPaths };
}

function securityOption(text: string): string {
  const separator = text.includes('=') ? '=' : ':';
  const at = text.indexOf(separator);
  if (at === -1) {
    if (text === 'no-new-privileges') return text;
    throw new EngineError('invalid', `Invalid --security-opt: ${JSON.stringify(text)}`);
  }
  const value = text.slice(at + 1);
  if (text.slice(0, at) !== 'seccomp' || value === 'unconfined' || value === 'builtin') return text;
  return `seccomp=${compactProfile(value)}`;
}

function compactProfile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    const why = codeOf(thrown) === 'ENOENT' ? `open ${file}: no such file or directory` : messageOf(thrown);
    throw new EngineError('invalid', `opening seccomp profile (${file}) failed: ${why}`, { cause: thrown });
  }
  try {
    JSON.parse(text);
  } catch (thrown) {
    throw new EngineError('invalid', `compacting json for seccomp profile (${file}) failed: ${messageOf(thrown)}`, { cause: thrown });
  }
  return withoutBlanks(text);
}

/** Drops white space outside of strings: numbers keep their digits, which a round trip through JSON.parse would not promise. */
function withoutBlanks(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|[ \t\n\r]+/g, (_, string?: string) => string ?? '');
}
