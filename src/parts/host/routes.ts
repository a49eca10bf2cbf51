import { isIPv4 } from 'node:net';
import { addressBytes, addressText } from './addresses.ts';
import type { RouteSocket } from './netlink.ts';
import { attribute, NLM, parseAttributes, u32Attribute } from './netlink-message.ts';

/** Routes. @see https://man7.org/linux/man-pages/man7/rtnetlink.7.html (RTM_NEWROUTE) */

const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const RTA = { destination: 1, outInterface: 4, gateway: 5, table: 15 } as const;
const AF_INET = 2;
const AF_INET6 = 10;
const TABLE_MAIN = 254;
const PROTOCOL_BOOT = 3;
const SCOPE_UNIVERSE = 0;
const SCOPE_LINK = 253;
const TYPE_UNICAST = 1;

export interface Route {
  /** Without host bits; `0.0.0.0` with prefix length 0 is the default route. */
  readonly destination: string;
  readonly prefixLength: number;
  /** undefined: directly on the interface. */
  readonly gateway: string | undefined;
  readonly index: number;
}

/** Into the main table. @throws `EEXIST`; `ENETUNREACH` when the gateway cannot be reached through the interface */
export function addRoute(socket: RouteSocket, { destination, prefixLength, gateway, index }: Route): void {
  const parts = [rtmsg(destination, prefixLength, gateway === undefined ? SCOPE_LINK : SCOPE_UNIVERSE), u32Attribute(RTA.outInterface, index)];
  if (prefixLength > 0) parts.push(attribute(RTA.destination, addressBytes(destination)));
  if (gateway !== undefined) parts.push(attribute(RTA.gateway, addressBytes(gateway)));
  socket.change(RTM_NEWROUTE, NLM.create | NLM.excl, Buffer.concat(parts), `add route ${destination}/${prefixLength}`);
}

/** The main table's unicast routes of IPv4 (`family` 4) or IPv6. */
export function listRoutes(socket: RouteSocket, family: 4 | 6 = 4): readonly Route[] {
  const any = family === 4 ? '0.0.0.0' : '::';
  return socket.ask(RTM_GETROUTE, NLM.dump, rtmsg(any, 0, 0), 'list routes').flatMap(({ body }) => {
    const attributes = parseAttributes(body.subarray(12));
    const table = attributes.get(RTA.table)?.readUInt32LE() ?? body.readUInt8(4);
    if (table !== TABLE_MAIN || body.readUInt8(7) !== TYPE_UNICAST) return [];
    const destination = attributes.get(RTA.destination);
    const gateway = attributes.get(RTA.gateway);
    return [
      {
        destination: destination === undefined ? any : addressText(destination),
        prefixLength: body.readUInt8(1),
        gateway: gateway === undefined ? undefined : addressText(gateway),
        index: attributes.get(RTA.outInterface)?.readUInt32LE() ?? 0,
      },
    ];
  });
}

function rtmsg(destination: string, prefixLength: number, scope: number): Buffer {
  return Buffer.from([isIPv4(destination) ? AF_INET : AF_INET6, prefixLength, 0, 0, TABLE_MAIN, PROTOCOL_BOOT, scope, TYPE_UNICAST, 0, 0, 0, 0]);
}
