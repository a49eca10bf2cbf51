import { isIP } from 'node:net';
import { EngineError } from '#base/errors.ts';

export interface HostsFileFacts {
  readonly mode: 'bridge' | 'none' | 'host';
  /** The host's own file, which a container with the host's network shares. */
  readonly hostText: string;
  /** The container's; empty where it has none. */
  readonly address: string;
  readonly hostname: string;
  readonly domainname: string;
  /** `name:address`, in the user's order; the address may be `host-gateway`. */
  readonly extraHosts: readonly string[];
  /** What `host-gateway` stands for: the bridge's address. */
  readonly hostGateway: string;
}

const LOOPBACK: readonly string[] = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** A container's /etc/hosts, byte for byte as Docker 28 writes it. @throws {EngineError} `invalid` for a bad extra host */
export function hostsFile({ mode, hostText, address, hostname, domainname, extraHosts, hostGateway }: HostsFileFacts): string {
  if (mode === 'host' && extraHosts.length === 0) return hostText;
  const full = domainname === '' ? hostname : `${hostname}.${domainname}`;
  const short = full.split('.')[0] ?? full;
  const own = address === '' || mode === 'host' ? [] : [`${address}\t${full === short ? full : `${full} ${short}`}`];
  return `${[...LOOPBACK, ...extraHosts.map((extra) => extraLine(extra, hostGateway)), ...own].join('\n')}\n`;
}

function extraLine(extra: string, hostGateway: string): string {
  const { name, address } = parseExtraHost(extra);
  if (address !== 'host-gateway') return `${address}\t${name}`;
  if (hostGateway === '') throw new EngineError('internal', 'unable to derive the IP value for host-gateway');
  return `${hostGateway}\t${name}`;
}

/** @throws {EngineError} `invalid`, in Docker's words */
export function parseExtraHost(extra: string): { readonly name: string; readonly address: string } {
  const at = extra.indexOf(':');
  const name = extra.slice(0, at);
  if (at < 1 || /[\s\0#]/.test(name)) throw new EngineError('invalid', `bad format for add-host: ${JSON.stringify(extra)}`);
  const address = extra.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway' && isIP(address) === 0) throw new EngineError('invalid', `invalid IP address in add-host: ${JSON.stringify(address)}`);
  return { name, address };
}
