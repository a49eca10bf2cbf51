import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '#base/errors.ts';
import { CommandFailure } from './command.ts';

/** The client's own file, `config.json`, as Docker's client writes it. Keys that are not named here are kept. */
export interface ConfigFile {
  readonly auths?: Readonly<Record<string, StoredLogin>>;
  /** Suffix of a `docker-credential-…` program that keeps the secrets instead of this file. */
  readonly credsStore?: string;
  /** The same for single registries. */
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly detachKeys?: string;
  /** Proxies of new containers, by the engine's address or `default`. */
  readonly proxies?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly psFormat?: string;
  readonly statsFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
}

export interface StoredLogin {
  /** base64 of `user:password`. */
  readonly auth?: string;
  readonly identitytoken?: string;
}

/** An empty one where there is no file. */
export function readConfig(dir: string): ConfigFile {
  const file = join(dir, 'config.json');
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as ConfigFile) : {};
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return {};
    throw new CommandFailure(`cannot read ${file}: ${messageOf(thrown)}`, 1, { cause: thrown });
  }
}

/** Replaces the file as a whole; it holds secrets, so that only its owner may read it. */
export async function writeConfig(dir: string, config: ConfigFile): Promise<void> {
  const { writeFileDurably } = await import('#base/write-file.ts');
  await writeFileDurably(join(dir, 'config.json'), `${JSON.stringify(config, null, '\t')}\n`, 0o600);
}
