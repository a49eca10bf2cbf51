import { BlockList, isIPv4 } from 'node:net';
import type { RouteSocket } from './netlink.ts';
import { attribute, NLM, parseAttributes } from './netlink-message.ts';

/** Addresses of interfaces. @see https://man7.org/linux/man-pages/man7/rtnetlink.7.html (RTM_NEWADDR) */

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const IFA = { address: 1, local: 2, broadcast: 4 } as const;
const AF_INET = 2;
const AF_INET6 = 10;
const IFA_F_NODAD = 2;

export interface InterfaceAddress {
  readonly index: number;
  readonly address: string;
  readonly prefixLength: number;
}

/** @throws `EEXIST` when the interface has it already */
export function addAddress(socket: RouteSocket, { index, address, prefixLength }: InterfaceAddress): void {
  const bytes = addressBytes(address);
  const parts = [ifaddrmsg(address, prefixLength, index), attribute(IFA.local, bytes), attribute(IFA.address, bytes)];
  if (isIPv4(address)) parts.push(attribute(IFA.broadcast, broadcastOf(bytes, prefixLength)));
  socket.change(RTM_NEWADDR, NLM.create | NLM.excl, Buffer.concat(parts), `add address ${address}/${prefixLength}`);
}

export function deleteAddress(socket: RouteSocket, { index, address, prefixLength }: InterfaceAddress): void {
  const body = [ifaddrmsg(address, prefixLength, index), attribute(IFA.local, addressBytes(address))];
  socket.change(RTM_DELADDR, 0, Buffer.concat(body), `delete address ${address}/${prefixLength}`);
}

/** Of both families, of every interface. */
export function listAddresses(socket: RouteSocket): readonly InterfaceAddress[] {
  return socket.ask(RTM_GETADDR, NLM.dump, Buffer.alloc(8), 'list addresses').flatMap(({ body }) => {
    const attributes = parseAttributes(body.subarray(8));
    const bytes = attributes.get(IFA.local) ?? attributes.get(IFA.address);
    return bytes === undefined ? [] : [{ index: body.readUInt32LE(4), address: addressText(bytes), prefixLength: body.readUInt8(1) }];
  });
}

function ifaddrmsg(address: string, prefixLength: number, index: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(isIPv4(address) ? AF_INET : AF_INET6, 0);
  bytes.writeUInt8(prefixLength, 1);
  // An address that we hand out is nobody else's: no second of waiting for the proof.
  if (!isIPv4(address)) bytes.writeUInt8(IFA_F_NODAD, 2);
  bytes.writeUInt32LE(index, 4);
  return bytes;
}

function broadcastOf(address: Buffer, prefixLength: number): Buffer {
  const bytes = Buffer.alloc(4);
  const hosts = prefixLength === 0 ? 0xffffffff : 2 ** (32 - prefixLength) - 1;
  bytes.writeUInt32BE((address.readUInt32BE() | hosts) >>> 0);
  return bytes;
}

/** In network order: 4 bytes, or 16. The text must be an address. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const words = (text: string): readonly number[] =>
    text.split(':').filter(Boolean).flatMap((word) => (isIPv4(word) ? [...ipv4Words(word)] : [Number.parseInt(word, 16)]));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const bytes = Buffer.alloc(16);
  front.forEach((word, at) => bytes.writeUInt16BE(word, at * 2));
  back.forEach((word, at) => bytes.writeUInt16BE(word, 16 - (back.length - at) * 2));
  return bytes;
}

function ipv4Words(address: string): readonly [number, number] {
  const bytes = addressBytes(address);
  return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
}

/** As people write it: the longest run of zeros in an IPv6 address is `::` (RFC 5952). */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const text = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16)).join(':');
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)];
  const longest = runs.reduce<RegExpMatchArray | undefined>((best, run) => ((best?.[0].length ?? 0) < run[0].length ? run : best), undefined);
  if (longest === undefined) return text;
  const at = longest.index ?? 0;
  return `${text.slice(0, at)}::${text.slice(at + longest[0].length).replace(/^:/, '')}`;
}

/** True where `address` lies in the subnet. */
export function isInSubnet(address: string, subnet: string, prefixLength: number): boolean {
  const list = new BlockList();
  list.addSubnet(subnet, prefixLength, isIPv4(subnet) ? 'ipv4' : 'ipv6');
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
