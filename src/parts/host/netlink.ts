import { closeSync } from 'node:fs';
import { promisify } from 'node:util';
import { libc, systemError } from './libc.ts';
import { message, NLM, parseAttributes, parseMessages, type Received, textOf } from './netlink-message.ts';
import { checked } from './syscall.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_ROUTE = 0;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLMSGERR_ATTR_MSG = 1;
const ACK_TLVS = 0x200;
const ANSWER_SECONDS = 10n;

const socketCall = libc.func('int socket(int domain, int type, int protocol)') as (domain: number, type: number, protocol: number) => number;
const setsockoptCall = libc.func('int setsockopt(int fd, int level, int name, void *value, uint length)') as (
  descriptor: number,
  level: number,
  name: number,
  value: Uint8Array,
  length: number,
) => number;
const sendCall = libc.func('long send(int fd, void *data, size_t length, int flags)');
const send = sendCall as (descriptor: number, data: Uint8Array, length: number, flags: number) => number;
const sendOnThread = promisify(
  sendCall.async as (descriptor: number, data: Uint8Array, length: number, flags: number, done: (error: unknown, result: number) => void) => void,
);
const recv = libc.func('long recv(int fd, void *data, size_t length, int flags)') as (descriptor: number, data: Uint8Array, length: number, flags: number) => number;

/**
 * A socket to one of the kernel's tables, of the network namespace in which it was opened: it works on that one for
 * ever, wherever the thread goes later. Every call is answered within the call, in microseconds.
 *
 * @see https://man7.org/linux/man-pages/man7/netlink.7.html
 */
class NetlinkSocket implements Disposable {
  readonly #descriptor: number;
  readonly #buffer: Buffer = Buffer.alloc(1 << 16);
  #sequence = 0;

  constructor(protocol: number) {
    this.#descriptor = checked(socketCall(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), 'socket', 'netlink');
    const on = Uint8Array.of(1, 0, 0, 0);
    // Both only better the error's text: an old kernel may refuse them.
    setsockoptCall(this.#descriptor, SOL_NETLINK, NETLINK_CAP_ACK, on, on.length);
    setsockoptCall(this.#descriptor, SOL_NETLINK, NETLINK_EXT_ACK, on, on.length);
    const timeout = new Uint8Array(new BigInt64Array([ANSWER_SECONDS, 0n]).buffer);
    checked(setsockoptCall(this.#descriptor, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length), 'setsockopt', 'netlink');
  }

  /** Asks for a change and waits until it is done. @throws the system's error, with what the kernel says beside it */
  change(type: number, flags: number, body: Uint8Array, what: string): void {
    this.#send(message(type, NLM.request | NLM.ack | flags, ++this.#sequence, body), what);
    this.#receive(what);
  }

  /**
   * Like `change`, with the kernel's work on another thread: for what waits long, such as removing an interface.
   * No other call on this socket may be made meanwhile.
   */
  async changeOnThread(type: number, flags: number, body: Uint8Array, what: string): Promise<void> {
    const bytes = message(type, NLM.request | NLM.ack | flags, ++this.#sequence, body);
    if ((await sendOnThread(this.#descriptor, bytes, bytes.length, 0)) < 0) throw systemError('netlink', `${what}: not sent`, 5);
    this.#receive(what);
  }

  /** Answers of a question or a dump. */
  ask(type: number, flags: number, body: Uint8Array, what: string): readonly Received[] {
    this.#send(message(type, NLM.request | flags | (flags & NLM.dump ? 0 : NLM.ack), ++this.#sequence, body), what);
    return this.#receive(what);
  }

  /** Sends messages that count only together, between `first` and `last`; each is acknowledged, or the error thrown. */
  transact(first: Request, changes: readonly Request[], last: Request, what: string): void {
    const bytes = [message(first.type, NLM.request, ++this.#sequence, first.body)];
    const open = new Set<number>();
    for (const { type, flags, body } of changes) {
      open.add(++this.#sequence);
      bytes.push(message(type, NLM.request | NLM.ack | flags, this.#sequence, body));
    }
    bytes.push(message(last.type, NLM.request, ++this.#sequence, last.body));
    this.#send(Buffer.concat(bytes), what);
    while (open.size > 0) {
      for (const answer of this.#datagram(what)) {
        if (answer.type === NLMSG_ERROR && open.delete(answer.sequence)) throwIfError(answer, what);
      }
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #send(bytes: Buffer, what: string): void {
    checked(send(this.#descriptor, bytes, bytes.length, 0), 'netlink', what);
  }

  /** All answers to the last request, up to its acknowledgement or the end of the dump. */
  #receive(what: string): readonly Received[] {
    const answers: Received[] = [];
    for (;;) {
      for (const answer of this.#datagram(what)) {
        // Others are left over from an earlier request that was given up.
        if (answer.sequence !== this.#sequence) continue;
        if (answer.type === NLMSG_DONE) return answers;
        if (answer.type === NLMSG_ERROR) {
          throwIfError(answer, what);
          return answers;
        }
        answers.push(answer);
      }
    }
  }

  #datagram(what: string): readonly Received[] {
    const size = checked(recv(this.#descriptor, this.#buffer, this.#buffer.length, 0), 'netlink', what);
    return parseMessages(Buffer.from(this.#buffer.subarray(0, size)));
  }
}

/** Interfaces, addresses, routes. @see https://man7.org/linux/man-pages/man7/rtnetlink.7.html */
export class RouteSocket extends NetlinkSocket {
  constructor() {
    super(NETLINK_ROUTE);
  }
}

/** Packet filter and connection tracking. */
export class NetfilterSocket extends NetlinkSocket {
  constructor() {
    super(NETLINK_NETFILTER);
  }
}

export interface Request {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

function throwIfError(answer: Received, what: string): void {
  const number = -answer.body.readInt32LE(0);
  if (number === 0) return;
  // With NETLINK_CAP_ACK only the header of the request comes back between the number and the attributes.
  const said = answer.flags & ACK_TLVS ? textOf(parseAttributes(answer.body.subarray(20)).get(NLMSGERR_ATTR_MSG)) : '';
  throw systemError('netlink', said ? `${what}: ${said}` : what, number);
}
