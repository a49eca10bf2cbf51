import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { EngineError } from '#base/errors.ts';
import { isInCidr, isLoopback, splitHostPort } from './addresses.ts';
import type { RegistrySettings } from './settings.ts';

/** One base URL under which a registry is tried. */
export interface Endpoint {
  /** Ends with a slash; `v2/…` is resolved against it. */
  readonly url: URL;
  readonly isMirror: boolean;
  /** The certificate is checked. */
  readonly isVerified: boolean;
}

export const HUB_DOMAIN = 'docker.io';
const HUB_URL = 'https://registry-1.docker.io/';

/**
 * Where to look for the images of a domain, in the order to try. Plain http is offered only for loopback and for
 * `insecure-registries`, after TLS.
 *
 * @throws {EngineError} `invalid` for a mirror that is no http(s) URL
 */
export async function endpointsOf(domain: string, settings: RegistrySettings): Promise<readonly Endpoint[]> {
  const endpoints: Endpoint[] = [];
  if (domain === HUB_DOMAIN) {
    for (const mirror of settings.mirrors) endpoints.push(await mirrorEndpoint(mirror, settings));
    return [...endpoints, { url: new URL(HUB_URL), isMirror: false, isVerified: true }];
  }
  const isVerified = !(await isInsecure(domain, settings));
  endpoints.push({ url: new URL(`https://${domain}/`), isMirror: false, isVerified });
  if (!isVerified) endpoints.push({ url: new URL(`http://${domain}/`), isMirror: false, isVerified });
  return endpoints;
}

async function mirrorEndpoint(mirror: string, settings: RegistrySettings): Promise<Endpoint> {
  const url = URL.parse(mirror.endsWith('/') ? mirror : `${mirror}/`);
  if (!url || !/^https?:$/.test(url.protocol)) throw new EngineError('invalid', `invalid mirror: ${JSON.stringify(mirror)} is not an http or https URL`);
  return { url, isMirror: true, isVerified: !(await isInsecure(url.host, settings)) };
}

async function isInsecure(domain: string, settings: RegistrySettings): Promise<boolean> {
  const { hostname } = splitHostPort(domain);
  if (isLoopback(hostname)) return true;
  const named = settings.insecureRegistries.filter((entry) => !entry.includes('/'));
  if (named.some((entry) => entry === domain || entry === hostname)) return true;
  const networks = settings.insecureRegistries.filter((entry) => entry.includes('/'));
  if (networks.length === 0) return false;
  const addresses = isIP(hostname) === 0 ? await addressesOf(hostname) : [hostname];
  return addresses.some((address) => networks.some((network) => isInCidr(address, network)));
}

// A name that does not resolve is in no network; the request itself will tell the user.
async function addressesOf(hostname: string): Promise<readonly string[]> {
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
