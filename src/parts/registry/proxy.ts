import { isIP } from 'node:net';
import { isInCidr, isLoopback, splitHostPort } from './addresses.ts';
import type { ProxySettings } from './settings.ts';

/**
 * The proxy for a URL, or empty: the rules of Go's `httpproxy`, which every Docker user's NO_PROXY is written for.
 * Loopback is never sent to a proxy.
 */
export function proxyFor(url: URL, proxies: ProxySettings): string {
  const proxy = url.protocol === 'https:' ? proxies.https : proxies.http;
  const { hostname } = splitHostPort(url.host);
  if (proxy === '' || isLoopback(hostname)) return '';
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const excluded = proxies.noProxy.split(',').some((entry) => matches(entry.trim().toLowerCase(), hostname.toLowerCase(), port));
  if (excluded) return '';
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function matches(entry: string, hostname: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInCidr(hostname, entry);
  const wanted = splitHostPort(entry);
  if (wanted.port !== '' && wanted.port !== port) return false;
  if (isIP(wanted.hostname) !== 0 || isIP(hostname) !== 0) return wanted.hostname === hostname;
  const domain = wanted.hostname.replace(/^\*(?=\.)/, '');
  if (domain.startsWith('.')) return hostname.endsWith(domain);
  return hostname === domain || hostname.endsWith(`.${domain}`);
}
