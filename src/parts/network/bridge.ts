import { randomBytes } from 'node:crypto';
import { codeOf, EngineError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { addAddress, deleteAddress, listAddresses } from '#parts/host/addresses.ts';
import { createBridge, findLink, type Link, setLink } from '#parts/host/links.ts';
import type { RouteSocket } from '#parts/host/netlink.ts';
import { listRoutes } from '#parts/host/routes.ts';
import { readSysctl, writeSysctl } from '#parts/host/sysctl.ts';
import { addressOf, chooseSubnet, contains, numberOf, parseSubnet, sizeOf, type Subnet } from './subnets.ts';

export interface BridgeSettings {
  readonly name: string;
  /** daemon.json's `bip`: the bridge's own address with its prefix length; empty is "choose". */
  readonly bip: string;
  /** Subnets to choose from. */
  readonly pools: readonly string[];
  readonly mtu: number;
  readonly ipForward: boolean;
}

/**
 * The bridge on this host, as it is or newly made; up, with its address and the kernel's settings for it. One that an
 * earlier run left keeps its subnet, unless `bip` says otherwise: containers of that run are still on it.
 */
export function ensureBridge(socket: RouteSocket, settings: BridgeSettings, log: Log): { readonly subnet: Subnet; readonly gateway: string; readonly link: Link } {
  const { name, mtu } = settings;
  const found = findLink(socket, name);
  if (found !== undefined && found.kind !== 'bridge') throw new EngineError('internal', `interface ${name} is there and is no bridge: remove it, or give daemon.json another "bridge"`);
  // A bridge without an address of its own takes that of its lowest port, which changes under its neighbours.
  if (found === undefined) createBridge(socket, name, { mac: randomMac(), mtu });
  const link = required(findLink(socket, name), name);
  const { address, subnet } = ensureAddress(socket, link, settings);
  if (!link.up) setLink(socket, link.index, { up: true });
  allowRouting(settings, log);
  return { link, subnet, gateway: address };
}

function ensureAddress(socket: RouteSocket, link: Link, { bip, pools, name }: BridgeSettings): { readonly address: string; readonly subnet: Subnet } {
  const present = listAddresses(socket).filter(({ index, address }) => index === link.index && !address.includes(':'));
  const wanted = bip === '' ? undefined : parseBip(bip);
  const kept = present.find(({ address }) => wanted === undefined || address === wanted.address);
  if (kept !== undefined) return { address: kept.address, subnet: parseSubnet(`${kept.address}/${kept.prefixLength}`) };
  present.forEach((old) => deleteAddress(socket, old));
  const subnet = wanted?.subnet ?? chooseSubnet(usedSubnets(socket), pools);
  const address = wanted?.address ?? addressOf(subnet.base + 1);
  try {
    addAddress(socket, { index: link.index, address, prefixLength: subnet.prefixLength });
  } catch (thrown) {
    throw new EngineError('internal', `cannot give ${name} the address ${address}/${subnet.prefixLength}`, { cause: thrown });
  }
  return { address, subnet };
}

/** @throws {EngineError} `invalid` when it is no host's address in its network */
function parseBip(bip: string): { readonly address: string; readonly subnet: Subnet } {
  const subnet = parseSubnet(bip);
  const address = bip.split('/')[0] ?? '';
  const number = numberOf(address);
  const isHost = sizeOf(subnet) >= 4 && contains(subnet, number) && number !== subnet.base && number !== subnet.base + sizeOf(subnet) - 1;
  if (!isHost) throw new EngineError('invalid', `invalid bip ${bip}: the bridge needs a host's address in a network of at least 4, such as 172.17.0.1/16`);
  return { address, subnet };
}

/** What the host reaches already, other than by its default route. */
function usedSubnets(socket: RouteSocket): readonly Subnet[] {
  const routed = listRoutes(socket).filter(({ prefixLength }) => prefixLength > 0).map(({ destination, prefixLength }) => parseSubnet(`${destination}/${prefixLength}`));
  const own = listAddresses(socket).filter(({ address }) => !address.includes(':')).map(({ address, prefixLength }) => parseSubnet(`${address}/${prefixLength}`));
  return [...routed, ...own];
}

function allowRouting({ name, ipForward }: BridgeSettings, log: Log): void {
  // Lets the answers of a port that was published on 127.0.0.1 come back; the rules keep containers off the loopback.
  setOrWarn(`net/ipv4/conf/${name}/route_localnet`, '1', log);
  if (ipForward && setOrWarn('net/ipv4/ip_forward', '1', log)) log.info('IPv4 forwarding was off and is on now, for containers to reach the outside', { sysctl: 'net.ipv4.ip_forward' });
}

function setOrWarn(path: string, value: string, log: Log): boolean {
  try {
    return writeSysctl(path, value);
  } catch (thrown) {
    if (codeOf(thrown) !== 'EROFS' && codeOf(thrown) !== 'ENOENT') throw thrown;
    log.warn(`cannot set ${path.replaceAll('/', '.')}: ${readSysctl(path) === undefined ? 'this kernel does not have it' : '/proc/sys is read-only'}`);
    return false;
  }
}

/** Locally administered, unicast. */
function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfe) | 2;
  return bytes.toString('hex').replace(/(..)(?=.)/g, '$1:');
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new EngineError('internal', `interface ${what} is gone while it is made`);
  return value;
}
