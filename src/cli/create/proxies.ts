import type { ConfigFile } from '../config-file.ts';

const VARIABLES: Readonly<Record<string, string>> = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  noProxy: 'NO_PROXY',
  ftpProxy: 'FTP_PROXY',
  allProxy: 'ALL_PROXY',
};

/**
 * The proxy variables that the client's file gives to every new container of an engine, in capitals and in small letters,
 * as Docker does; what the command line sets itself is left out.
 *
 * @param host the engine's address, as in `DOCKER_HOST`
 * @param given the values of `--env`
 */
export function proxyVariables(config: ConfigFile, host: string, given: readonly string[]): readonly string[] {
  const proxies = config.proxies?.[host] ?? config.proxies?.['default'] ?? {};
  const set = new Set(given.map((text) => text.split('=', 1)[0]));
  return Object.entries(VARIABLES).flatMap(([key, name]) => {
    const value = proxies[key];
    if (typeof value !== 'string' || value === '') return [];
    return [name, name.toLowerCase()].filter((variable) => !set.has(variable)).map((variable) => `${variable}=${value}`);
  });
}
