import type { AuthConfig } from '#protocol/registry-auth.ts';
import { encodeRegistryAuth } from '#protocol/registry-auth.ts';
import { readConfig, writeConfig, type ConfigFile, type StoredLogin } from './config-file.ts';
import { askHelper, tellHelper } from './credential-helper.ts';

/** Docker Hub's key in the client's file: its address in the days of the first protocol. */
export const HUB_KEY = 'https://index.docker.io/v1/';

/** The key under which a registry's login is kept. */
export function registryKey(domain: string): string {
  return domain === 'docker.io' || domain === 'index.docker.io' || domain === '' ? HUB_KEY : domain;
}

/** The value of X-Registry-Auth for a registry; empty where nobody is logged in there. */
export async function registryAuth(configDir: string, domain: string): Promise<string> {
  const login = await findLogin(configDir, registryKey(domain));
  return login === undefined ? '' : encodeRegistryAuth(login);
}

export async function findLogin(configDir: string, key: string): Promise<AuthConfig | undefined> {
  const config = readConfig(configDir);
  const helper = helperFor(config, key);
  if (helper !== undefined) return await askHelper(helper, key);
  const stored = Object.entries(config.auths ?? {}).find(([name]) => name === key || hostOf(name) === hostOf(key))?.[1];
  return stored === undefined ? undefined : fromStored(stored, key);
}

export async function storeLogin(configDir: string, key: string, login: AuthConfig): Promise<void> {
  const config = readConfig(configDir);
  const helper = helperFor(config, key);
  if (helper !== undefined) {
    await tellHelper(helper, 'store', JSON.stringify({ ServerURL: key, Username: login.identitytoken ? '<token>' : (login.username ?? ''), Secret: login.identitytoken || (login.password ?? '') }));
    return;
  }
  await writeConfig(configDir, { ...config, auths: { ...config.auths, [key]: toStored(login) } });
}

/** @returns false where nobody was logged in */
export async function forgetLogin(configDir: string, key: string): Promise<boolean> {
  const config = readConfig(configDir);
  const helper = helperFor(config, key);
  if (helper !== undefined) {
    const known = (await askHelper(helper, key)) !== undefined;
    if (known) await tellHelper(helper, 'erase', key);
    return known;
  }
  const kept = Object.entries(config.auths ?? {}).filter(([name]) => name !== key && hostOf(name) !== hostOf(key));
  if (kept.length === Object.keys(config.auths ?? {}).length) return false;
  await writeConfig(configDir, { ...config, auths: Object.fromEntries(kept) });
  return true;
}

/** Whether logins stand in the client's file, since no helper is named in it. */
export function keepsSecretsItself(configDir: string): boolean {
  return !readConfig(configDir).credsStore;
}

function helperFor(config: ConfigFile, key: string): string | undefined {
  return config.credHelpers?.[hostOf(key)] || config.credsStore || undefined;
}

function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').split('/')[0] ?? key;
}

function fromStored(stored: StoredLogin, key: string): AuthConfig {
  const pair = Buffer.from(stored.auth ?? '', 'base64').toString();
  const colon = pair.indexOf(':');
  const user = colon === -1 ? {} : { username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, '') };
  return { ...user, serveraddress: key, ...(stored.identitytoken ? { identitytoken: stored.identitytoken } : {}) };
}

function toStored({ username = '', password = '', identitytoken }: AuthConfig): StoredLogin {
  if (identitytoken) return { auth: Buffer.from(`${username}:`).toString('base64'), identitytoken };
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') };
}
