import { closeSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { addressBytes } from './addresses.ts';
import { libc, systemError } from './libc.ts';
import { checked } from './syscall.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO = { tcp: 6, udp: 17, sctp: 132 } as const;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

const socketCall = libc.func('int socket(int domain, int type, int protocol)') as (domain: number, type: number, protocol: number) => number;
const bindCall = libc.func('int bind(int fd, void *address, uint length)') as (descriptor: number, address: Uint8Array, length: number) => number;
const setsockoptCall = libc.func('int setsockopt(int fd, int level, int name, void *value, uint length)') as (
  descriptor: number,
  level: number,
  name: number,
  value: Uint8Array,
  length: number,
) => number;

export type PortProtocol = 'tcp' | 'udp' | 'sctp';

export interface SocketAddress {
  readonly protocol: PortProtocol;
  readonly address: string;
  readonly port: number;
}

/**
 * Takes a port: a socket that is bound and never listens, so that no other program gets the port while it is open.
 * Without SO_REUSEADDR on purpose, else two could. An IPv6 socket takes nothing of IPv4.
 *
 * @returns its descriptor, close-on-exec; the caller closes it
 * @throws `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EPROTONOSUPPORT`
 * @see https://man7.org/linux/man-pages/man2/bind.2.html
 */
export function bindSocket({ protocol, address, port }: SocketAddress): number {
  const four = isIPv4(address);
  const what = `${protocol} ${four ? address : `[${address}]`}:${port}`;
  const type = (protocol === 'udp' ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
  const descriptor = checked(socketCall(four ? AF_INET : AF_INET6, type, IPPROTO[protocol]), 'socket', what);
  try {
    if (!four) checked(setsockoptCall(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, Uint8Array.of(1, 0, 0, 0), 4), 'setsockopt', what);
    const name = four ? sockaddr4(address, port) : sockaddr6(address, port);
    if (bindCall(descriptor, name, name.length) < 0) throw systemError('bind', what);
    return descriptor;
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
}

function sockaddr4(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  addressBytes(address).copy(bytes, 4);
  return bytes;
}

function sockaddr6(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  addressBytes(address).copy(bytes, 8);
  return bytes;
}
