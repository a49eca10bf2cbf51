import { BlockList, isIP, isIPv6 } from 'node:net';

/** `127.0.0.0/8`, `::1` and `localhost`: always allowed to speak plain http. */
export function isLoopback(hostname: string): boolean {
  if (hostname.toLowerCase() === 'localhost') return true;
  return isIP(hostname) !== 0 && isInCidr(hostname, isIPv6(hostname) ? '::1/128' : '127.0.0.0/8');
}

/** True where `address` lies in the network `cidr`; false as well where either is not one. */
export function isInCidr(address: string, cidr: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(cidr);
  const network = match?.[1] ?? '';
  const family = isIP(network);
  const prefix = Number(match?.[2]);
  if (family === 0 || isIP(address) !== family || prefix > (family === 6 ? 128 : 32)) return false;
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, prefix, kind);
  return list.check(address, kind);
}

/** `host` and `port` of `host:port`, `[::1]:port` or either alone; the brackets of an IPv6 address go. */
export function splitHostPort(text: string): { readonly hostname: string; readonly port: string } {
  const match = /^\[([^\]]*)\](?::(\d+))?$/.exec(text) ?? (isIPv6(text) ? [text, text, ''] : /^([^:]*)(?::(\d+))?$/.exec(text));
  return { hostname: match?.[1] ?? text, port: match?.[2] ?? '' };
}
