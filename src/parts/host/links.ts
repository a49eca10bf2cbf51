import { codeOf } from '#base/errors.ts';
import type { RouteSocket } from './netlink.ts';
import { attribute, nested, NLM, parseAttributes, textAttribute, textOf, u32Attribute } from './netlink-message.ts';

/** Network interfaces. @see https://man7.org/linux/man-pages/man7/rtnetlink.7.html (RTM_NEWLINK) */

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const IFLA = { address: 1, ifname: 3, mtu: 4, master: 10, linkInfo: 18, netNsFd: 28 } as const;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFF_UP = 1;
const AF_BRIDGE = 7;
const IFLA_PROTINFO = 12;
const BRPORT = { hairpin: 4, isolated: 33 } as const;

export interface Link {
  readonly index: number;
  readonly name: string;
  /** `02:42:ac:11:00:02`; empty where it has none. */
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /** Index of the bridge that it is a port of; 0 is none. */
  readonly master: number;
  /** `veth`, `bridge`, …; empty for a physical one. */
  readonly kind: string;
}

export interface LinkSettings {
  readonly mac?: string;
  readonly mtu?: number;
  /** Index of a bridge. */
  readonly master?: number;
  readonly up?: boolean;
}

/** An interface's fixed part: family, type, index, flags, and which flags are meant. */
function ifinfomsg(index: number, up: boolean | undefined): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(index, 4);
  if (up !== undefined) {
    bytes.writeUInt32LE(up ? IFF_UP : 0, 8);
    bytes.writeUInt32LE(IFF_UP, 12);
  }
  return bytes;
}

function settingAttributes({ mac, mtu, master }: LinkSettings): readonly Buffer[] {
  const parts: Buffer[] = [];
  if (mac !== undefined) parts.push(attribute(IFLA.address, macBytes(mac)));
  if (mtu !== undefined) parts.push(u32Attribute(IFLA.mtu, mtu));
  if (master !== undefined) parts.push(u32Attribute(IFLA.master, master));
  return parts;
}

/** @throws `EEXIST` when the name is taken */
export function createBridge(socket: RouteSocket, name: string, settings: LinkSettings = {}): void {
  const body = [ifinfomsg(0, settings.up), textAttribute(IFLA.ifname, name), ...settingAttributes(settings), nested(IFLA.linkInfo, textAttribute(IFLA_INFO_KIND, 'bridge'))];
  socket.change(RTM_NEWLINK, NLM.create | NLM.excl, Buffer.concat(body), `create bridge ${name}`);
}

export interface VethPair extends LinkSettings {
  readonly name: string;
  /** The other end; made at once in that namespace, so it never shows in this one. */
  readonly peer: LinkSettings & { readonly name: string; readonly netNamespace?: number };
}

/** A pair of connected interfaces, with all its settings, in one request. @throws `EEXIST` when a name is taken */
export function createVeth(socket: RouteSocket, pair: VethPair): void {
  const peer = [ifinfomsg(0, pair.peer.up), textAttribute(IFLA.ifname, pair.peer.name), ...settingAttributes(pair.peer)];
  if (pair.peer.netNamespace !== undefined) peer.push(u32Attribute(IFLA.netNsFd, pair.peer.netNamespace));
  const info = nested(IFLA.linkInfo, textAttribute(IFLA_INFO_KIND, 'veth'), nested(IFLA_INFO_DATA, nested(VETH_INFO_PEER, ...peer)));
  const body = [ifinfomsg(0, pair.up), textAttribute(IFLA.ifname, pair.name), ...settingAttributes(pair), info];
  socket.change(RTM_NEWLINK, NLM.create | NLM.excl, Buffer.concat(body), `create veth ${pair.name}`);
}

/** Changes an interface; a `name` renames it, which wants it down. */
export function setLink(socket: RouteSocket, index: number, settings: LinkSettings & { readonly name?: string; readonly netNamespace?: number }): void {
  const body = [ifinfomsg(index, settings.up), ...settingAttributes(settings)];
  if (settings.name !== undefined) body.push(textAttribute(IFLA.ifname, settings.name));
  if (settings.netNamespace !== undefined) body.push(u32Attribute(IFLA.netNsFd, settings.netNamespace));
  // Joining a bridge is not in SETLINK's reach on every kernel; NEWLINK without `create` is the same and does it.
  socket.change(settings.master === undefined ? RTM_SETLINK : RTM_NEWLINK, 0, Buffer.concat(body), `set interface ${index}`);
}

export interface BridgePortSettings {
  /** Frames may leave through the port that they came from: how a container reaches its own published port. */
  readonly hairpin: boolean;
  /** It exchanges frames with the bridge itself and not with other isolated ports. */
  readonly isolated: boolean;
}

/** For an interface that is a bridge's port. @see https://man7.org/linux/man-pages/man8/bridge.8.html (bridge link set) */
export function setBridgePort(socket: RouteSocket, index: number, { hairpin, isolated }: BridgePortSettings): void {
  const body = ifinfomsg(index, undefined);
  body.writeUInt8(AF_BRIDGE, 0);
  const settings = [attribute(BRPORT.hairpin, Uint8Array.of(hairpin ? 1 : 0)), attribute(BRPORT.isolated, Uint8Array.of(isolated ? 1 : 0))];
  socket.change(RTM_SETLINK, 0, Buffer.concat([body, nested(IFLA_PROTINFO, ...settings)]), `set bridge port ${index}`);
}

/** Not being there is no error. A veth's other end goes with it. */
export function deleteLink(socket: RouteSocket, name: string): void {
  ignoreAbsent(() => socket.change(RTM_DELLINK, 0, named(name), `delete interface ${name}`));
}

/** Like `deleteLink`, without holding this thread while the kernel waits for its readers (5 to 30 ms). */
export async function deleteLinkOnThread(socket: RouteSocket, name: string): Promise<void> {
  try {
    await socket.changeOnThread(RTM_DELLINK, 0, named(name), `delete interface ${name}`);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENODEV') throw thrown;
  }
}

export function findLink(socket: RouteSocket, name: string): Link | undefined {
  return ignoreAbsent(() => socket.ask(RTM_GETLINK, 0, named(name), `find interface ${name}`).map(({ body }) => parseLink(body))[0]);
}

export function listLinks(socket: RouteSocket): readonly Link[] {
  return socket.ask(RTM_GETLINK, NLM.dump, ifinfomsg(0, undefined), 'list interfaces').map(({ body }) => parseLink(body));
}

function named(name: string): Buffer {
  return Buffer.concat([ifinfomsg(0, undefined), textAttribute(IFLA.ifname, name)]);
}

function ignoreAbsent<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    if (codeOf(thrown) === 'ENODEV') return undefined;
    throw thrown;
  }
}

function parseLink(body: Buffer): Link {
  const attributes = parseAttributes(body.subarray(16));
  const info = parseAttributes(attributes.get(IFLA.linkInfo) ?? Buffer.alloc(0));
  return {
    index: body.readInt32LE(4),
    name: textOf(attributes.get(IFLA.ifname)),
    mac: macText(attributes.get(IFLA.address)),
    mtu: attributes.get(IFLA.mtu)?.readUInt32LE() ?? 0,
    up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    master: attributes.get(IFLA.master)?.readUInt32LE() ?? 0,
    kind: textOf(info.get(IFLA_INFO_KIND)),
  };
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function macText(bytes: Buffer | undefined): string {
  return bytes?.toString('hex').replace(/(..)(?=.)/g, '$1:') ?? '';
}
