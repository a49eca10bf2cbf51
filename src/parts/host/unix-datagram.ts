import { closeSync } from 'node:fs';
import { errno, libc, systemError } from './libc.ts';
import { checked } from './syscall.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
const PATH_BYTES = 108;

type Send = (descriptor: number, bytes: Uint8Array, length: number, flags: number) => number;

const socketCall = libc.func('int socket(int domain, int type, int protocol)') as (domain: number, type: number, protocol: number) => number;
const connectCall = libc.func('int connect(int fd, void *address, uint length)') as (descriptor: number, address: Uint8Array, length: number) => number;
const sendCall = libc.func('long send(int fd, void *bytes, size_t length, int flags)') as Send;

/**
 * A unix datagram socket to one receiver, such as /dev/log or journald; Node has none.
 *
 * @see https://man7.org/linux/man-pages/man7/unix.7.html
 */
export class UnixDatagramSocket implements Disposable {
  readonly #path: string;
  #descriptor: number;

  /** @throws `ENOENT`, `ECONNREFUSED`, `EPROTOTYPE` where it is a stream socket, `ENAMETOOLONG` */
  constructor(path: string) {
    this.#path = path;
    const name = Buffer.from(path);
    if (name.length >= PATH_BYTES || name.includes(0)) throw systemError('connect', path, 36);
    const address = Buffer.alloc(2 + PATH_BYTES);
    address.writeUInt16LE(AF_UNIX, 0);
    name.copy(address, 2);
    this.#descriptor = checked(socketCall(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket', path);
    if (connectCall(this.#descriptor, address, address.length) === 0) return;
    const failure = systemError('connect', path);
    this[Symbol.dispose]();
    throw failure;
  }

  /**
   * Sends one datagram without waiting.
   *
   * @returns false where the receiver's queue is full
   * @throws `ECONNREFUSED`, `EMSGSIZE`, …
   */
  send(bytes: Uint8Array): boolean {
    if (sendCall(this.#descriptor, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
    if (errno() === EAGAIN) return false;
    throw systemError('send', this.#path);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}
