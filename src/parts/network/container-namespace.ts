import { codeOf } from '#base/errors.ts';
import { addAddress } from '#parts/host/addresses.ts';
import { createVeth, findLink, setBridgePort, setLink } from '#parts/host/links.ts';
import { makeNetNamespace } from '#parts/host/namespaces.ts';
import { RouteSocket } from '#parts/host/netlink.ts';
import { addRoute } from '#parts/host/routes.ts';
import { writeSysctl } from '#parts/host/sysctl.ts';

const LOOPBACK_INDEX = 1;

/** How a container is tied to its bridge. */
export interface BridgePort {
  /** Of the host's end; the container's is `eth0`. */
  readonly hostInterface: string;
  readonly bridgeIndex: number;
  readonly mtu: number;
  /** It does not reach other containers on this bridge. */
  readonly isolated: boolean;
  readonly mac: string;
  readonly ipv4: string;
  readonly prefixLength: number;
  readonly gateway: string;
}

/** A namespace with nothing but a loopback. It lasts until its name is removed. */
export function makeLoneNamespace(path: string): void {
  makeNetNamespace(path, () => {
    using inside = new RouteSocket();
    setLink(inside, LOOPBACK_INDEX, { up: true });
  });
}

/**
 * A namespace with an `eth0` that hangs on the bridge: about a millisecond, no process. `host` is a socket of the
 * namespace that the bridge is in. Nothing is left when a step fails: the pair goes with the namespace.
 */
export function makeBridgedNamespace(path: string, host: RouteSocket, port: BridgePort): void {
  makeNetNamespace(path, (namespace) => {
    // A socket works on the namespace it was opened in: this one from in here makes the pair out there.
    createVeth(host, {
      name: port.hostInterface,
      master: port.bridgeIndex,
      mtu: port.mtu,
      up: true,
      peer: { name: 'eth0', netNamespace: namespace, mac: port.mac, mtu: port.mtu },
    });
    using inside = new RouteSocket();
    configure(inside, port);
  });
  const link = findLink(host, port.hostInterface);
  if (link !== undefined) setBridgePort(host, link.index, { hairpin: true, isolated: port.isolated });
}

function configure(inside: RouteSocket, { ipv4, prefixLength, gateway }: BridgePort): void {
  setLink(inside, LOOPBACK_INDEX, { up: true });
  withoutIpv6('eth0');
  const index = findLink(inside, 'eth0')?.index ?? 0;
  addAddress(inside, { index, address: ipv4, prefixLength });
  setLink(inside, index, { up: true });
  addRoute(inside, { destination: '0.0.0.0', prefixLength: 0, gateway, index });
}

/** The bridge has no IPv6: a link-local address in the container would only look as if it had. */
function withoutIpv6(name: string): void {
  try {
    writeSysctl(`net/ipv6/conf/${name}/disable_ipv6`, '1');
  } catch (thrown) {
    // A host without IPv6 has nothing to switch off; a read-only /proc/sys (an engine in a container) costs no more than the looks.
    if (codeOf(thrown) !== 'ENOENT' && codeOf(thrown) !== 'EROFS') throw thrown;
  }
}
