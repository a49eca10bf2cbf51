import type { NetfilterSocket } from './netlink.ts';
import { attribute, nested, NLM, parseAttributes } from './netlink-message.ts';

/**
 * The kernel's list of connections. Each keeps the translation that it began with, for as long as packets come: a
 * sender of UDP that does not pause would never see a port that is published, or moved to another container, meanwhile.
 *
 * @see https://git.netfilter.org/libnetfilter_conntrack/ (ctnetlink)
 */

const SUBSYSTEM = 1;
const GET = (SUBSYSTEM << 8) | 1;
const DELETE = (SUBSYSTEM << 8) | 2;
const AF_INET = 2;
const CTA = { tupleOriginal: 1, filter: 25 } as const;
const TUPLE = { ip: 1, protocol: 2 } as const;
const IP_V4_DESTINATION = 2;
const PROTOCOL = { number: 1, destinationPort: 3 } as const;
const FILTER_ORIGINAL = 1;
const FILTER_PROTOCOL = 1 << 3;
const FILTER_DESTINATION_PORT = 1 << 5;
const UDP = 17;

export interface UdpDestination {
  /** undefined: any address. */
  readonly address: string | undefined;
  readonly port: number;
}

/** Forgets the UDP connections that were begun to these places. @returns how many */
export function forgetUdpConnections(socket: NetfilterSocket, places: readonly UdpDestination[]): number {
  const addresses = Map.groupBy(places, ({ port }) => port);
  let count = 0;
  for (const tuple of listTuples(socket, places.length === 1 ? places[0]?.port : undefined)) {
    const parts = parseAttributes(tuple);
    const protocol = parseAttributes(parts.get(TUPLE.protocol) ?? Buffer.alloc(0));
    if (protocol.get(PROTOCOL.number)?.[0] !== UDP) continue;
    const to = [...(parseAttributes(parts.get(TUPLE.ip) ?? Buffer.alloc(0)).get(IP_V4_DESTINATION) ?? [])].join('.');
    const wanted = addresses.get(protocol.get(PROTOCOL.destinationPort)?.readUInt16BE() ?? -1);
    if (wanted?.some(({ address }) => address === undefined || address === to) && forget(socket, tuple)) count++;
  }
  return count;
}

/** The first direction's tuple of each UDP connection (to that port), as the kernel wrote it; before Linux 5.8 of all connections. */
function listTuples(socket: NetfilterSocket, port: number | undefined): readonly Buffer[] {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(FILTER_PROTOCOL | (port === undefined ? 0 : FILTER_DESTINATION_PORT));
  const protocol = [attribute(PROTOCOL.number, Uint8Array.of(UDP)), ...(port === undefined ? [] : [attribute(PROTOCOL.destinationPort, portBytes(port))])];
  const body = Buffer.concat([header(), nested(CTA.tupleOriginal, nested(TUPLE.protocol, ...protocol)), nested(CTA.filter, attribute(FILTER_ORIGINAL, flags))]);
  return socket.ask(GET, NLM.dump, body, 'list connections').flatMap((answer) => {
    const tuple = parseAttributes(answer.body.subarray(4)).get(CTA.tupleOriginal);
    return tuple === undefined ? [] : [tuple];
  });
}

function forget(socket: NetfilterSocket, tuple: Buffer): boolean {
  try {
    socket.change(DELETE, 0, Buffer.concat([header(), nested(CTA.tupleOriginal, tuple)]), 'forget a connection');
    return true;
  } catch {
    // It ended by itself meanwhile.
    return false;
  }
}

function header(): Buffer {
  return Buffer.from([AF_INET, 0, 0, 0]);
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}
