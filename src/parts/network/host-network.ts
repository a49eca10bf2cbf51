import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, messageOf } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { DEFAULT_BRIDGE } from '#base/paths.ts';
import { type Log, silentLog } from '#base/log.ts';
import { deleteLink, findLink, type Link, listLinks, setLink } from '#parts/host/links.ts';
import { isMountPoint } from '#parts/host/mount-table.ts';
import { removeNetNamespace } from '#parts/host/namespaces.ts';
import { NetfilterSocket, RouteSocket } from '#parts/host/netlink.ts';
import { makeBridgedNamespace, makeLoneNamespace } from './container-namespace.ts';
import { DefaultBridge } from './default-bridge.ts';
import { everywhere, hostInterface, macOf, noAddress, shortName, takeAddress } from './endpoint-facts.ts';
import { Firewall } from './firewall.ts';
import { foreignForwardDrops } from './foreign-rules.ts';
import type { BridgeFacts, JoinRequest, NetworkDriver, PortMapping, RestoreRequest, Sandbox } from './network-driver.ts';
import { wantedPorts } from './port-bindings.ts';
import { mappingsOf, publishedPorts } from './published-ports.ts';
import { type HeldPort, PortTable } from './port-table.ts';
import { Descriptors, makeSandbox } from './sandbox.ts';
import { DEFAULT_POOLS } from './subnets.ts';

/** Docker's keys of daemon.json, with Docker's defaults where left out. */
export interface HostNetworkSettings {
  /** Namespaces are named below `<execRoot>/netns`. */
  readonly execRoot: string;
  readonly bridgeName?: string;
  readonly bip?: string;
  readonly pools?: readonly string[];
  readonly mtu?: number;
  readonly interContainer?: boolean;
  readonly masquerade?: boolean;
  readonly ipForward?: boolean;
  /** Where a port is published that names no host address; empty is everywhere. */
  readonly hostIp?: string;
  /** How often to look whether our rules are still there; 0 is never. */
  readonly verifyEveryMs?: number;
  readonly log?: Log;
}

interface Attachment {
  readonly id: string;
  readonly ipv4: string;
  readonly mappings: readonly PortMapping[];
}

/** The network of the host that this process runs in: one bridge, namespaces for containers, nftables for their ports. */
export class HostNetwork implements NetworkDriver, Disposable {
  readonly #settings: Required<HostNetworkSettings>;
  readonly #log: Log;
  readonly #routes: RouteSocket;
  readonly #netfilter: NetfilterSocket;
  readonly #firewall: Firewall;
  readonly #bridge: DefaultBridge;
  readonly #ports = new PortTable();
  readonly #attached = new Map<string, Attachment>();
  #watch: NodeJS.Timeout | undefined;

  /** Opens its sockets to the kernel in the network namespace of this moment. */
  constructor(settings: HostNetworkSettings) {
    this.#settings = {
      bridgeName: DEFAULT_BRIDGE,
      bip: '',
      pools: DEFAULT_POOLS,
      mtu: 1500,
      interContainer: true,
      masquerade: true,
      ipForward: true,
      hostIp: '',
      verifyEveryMs: 2000,
      log: silentLog,
      ...settings,
    };
    this.#log = this.#settings.log;
    this.#routes = new RouteSocket();
    this.#netfilter = new NetfilterSocket();
    this.#firewall = new Firewall({ socket: this.#netfilter, log: this.#log });
    this.#bridge = new DefaultBridge({ socket: this.#routes, log: this.#log, settings: this.#settings });
  }

  async setUp(): Promise<BridgeFacts> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const facts = await this.#bridge.setUp((found) => this.#firewall.write({ table: this.#table, bridges: [found] }));
    this.#startWatch();
    await this.#logged('look for rules of other programs', () => this.#warnOfForeignDrops());
    return facts;
  }

  bridge(): BridgeFacts | undefined {
    return this.#bridge.find()?.facts;
  }

  async join(request: JoinRequest, cancel: AbortSignal): Promise<Sandbox> {
    cancel.throwIfAborted();
    const id = newId();
    const endpointId = newId();
    if (request.mode === 'host') return makeSandbox({ id, path: this.#path('default'), endpoint: noAddress(request.networkId, endpointId) });
    try {
      return request.mode === 'none' ? this.#joinNothing(id, endpointId, request) : await this.#joinBridge(id, endpointId, request, cancel);
    } catch (thrown) {
      throw new EngineError('internal', `failed to set up container networking: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  restore({ mode, sandboxId, endpoint, ports }: RestoreRequest): Sandbox | undefined {
    if (mode === 'host') return makeSandbox({ id: sandboxId, path: this.#path('default'), endpoint });
    const path = this.#path(sandboxId);
    if (!isMountPoint(path)) return undefined;
    const mappings = mode === 'bridge' ? mappingsOf(ports, endpoint.ipv4) : [];
    if (mode === 'bridge') {
      this.#bridge.get().pool.take(endpoint.ipv4);
      this.#ports.adopt(mappings);
      this.#firewall.adopt(mappings);
      this.#bridge.fasten(hostInterface(sandboxId));
    }
    const attachment = { id: sandboxId, ipv4: endpoint.ipv4, mappings };
    this.#attached.set(sandboxId, attachment);
    return makeSandbox({ id: sandboxId, path, netNamespace: path, endpoint, ports, leave: () => this.#leave(attachment) });
  }

  async sweep(): Promise<void> {
    const known = new Set([...this.#attached.keys()].map(shortName));
    for (const name of readdirSync(this.#folder)) if (!known.has(name)) removeNetNamespace(join(this.#folder, name));
    const bridge = findLink(this.#routes, this.#settings.bridgeName);
    const interfaces = new Set([...this.#attached.keys()].map(hostInterface));
    for (const link of listLinks(this.#routes)) {
      if (link.kind === 'veth' && link.master === bridge?.index && !interfaces.has(link.name)) deleteLink(this.#routes, link.name);
    }
    await this.#firewall.settle();
  }

  async verify(): Promise<boolean> {
    if (this.#bridge.find() !== undefined) this.#bridgeLink();
    return this.#firewall.verify();
  }

  async tearDown(): Promise<void> {
    clearInterval(this.#watch);
    for (const name of existsSync(this.#folder) ? readdirSync(this.#folder) : []) removeNetNamespace(join(this.#folder, name));
    deleteLink(this.#routes, this.#settings.bridgeName);
    this.#attached.clear();
    this.#bridge.forget();
    await this.#firewall.remove();
  }

  /** Closes its sockets. What it has made stays: containers outlive the engine. */
  [Symbol.dispose](): void {
    clearInterval(this.#watch);
    this.#routes[Symbol.dispose]();
    this.#netfilter[Symbol.dispose]();
  }

  #joinNothing(id: string, endpointId: string, { networkId }: JoinRequest): Sandbox {
    const path = this.#path(id);
    makeLoneNamespace(path);
    const attachment = { id, ipv4: '', mappings: [] };
    this.#attached.set(id, attachment);
    return makeSandbox({ id, path, netNamespace: path, endpoint: noAddress(networkId, endpointId), leave: () => this.#leave(attachment) });
  }

  async #joinBridge(id: string, endpointId: string, request: JoinRequest, cancel: AbortSignal): Promise<Sandbox> {
    const { facts, prefixLength, pool } = this.#bridge.get();
    const link = this.#bridgeLink();
    await using undo = new AsyncDisposableStack();

    const ipv4 = takeAddress(pool, request.ipv4);
    undo.defer(() => pool.release(ipv4));
    const held = await this.#holdPorts(request, ipv4, endpointId, cancel);
    const mappings = held.flatMap(({ mappings: some }) => some);
    undo.defer(() => this.#ports.release(mappings));
    const descriptors = new Descriptors(held.flatMap(({ descriptors: some }) => some));
    undo.defer(() => descriptors.close());

    const path = this.#path(id);
    const macAddress = macOf(request, ipv4);
    makeBridgedNamespace(path, this.#routes, { hostInterface: hostInterface(id), bridgeIndex: link.index, mtu: facts.mtu, isolated: !facts.interContainer, mac: macAddress, ipv4, prefixLength, gateway: facts.gateway });
    undo.defer(() => this.#removeNamespace(id));
    await this.#firewall.publish(mappings);

    undo.move();
    const attachment = { id, ipv4, mappings };
    this.#attached.set(id, attachment);
    return makeSandbox({
      id,
      path,
      netNamespace: path,
      endpoint: { ...noAddress(request.networkId, endpointId), gateway: facts.gateway, ipv4, ipv4PrefixLength: prefixLength, macAddress },
      ports: publishedPorts(request, held),
      descriptors,
      leave: () => this.#leave(attachment),
    });
  }

  async #holdPorts(request: JoinRequest, ipv4: string, endpointId: string, cancel: AbortSignal): Promise<readonly HeldPort[]> {
    const unnamed = this.#settings.hostIp ? [this.#settings.hostIp] : everywhere();
    try {
      return await this.#ports.hold(wantedPorts(request, unnamed), ipv4, cancel);
    } catch (thrown) {
      throw new EngineError('internal', `driver failed programming external connectivity on endpoint ${request.containerName} (${endpointId}): ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /** Gives everything back; each step is tried, whatever became of the one before. */
  async #leave({ id, ipv4, mappings }: Attachment): Promise<void> {
    if (!this.#attached.delete(id)) return;
    await this.#logged('take back published ports', () => this.#firewall.unpublish(mappings));
    this.#ports.release(mappings);
    await this.#logged('remove the network namespace', () => this.#removeNamespace(id));
    if (ipv4 !== '') this.#bridge.find()?.pool.release(ipv4);
  }

  /**
   * Cuts the container off at once and leaves the slow part, freeing the interfaces (16 ms and more), to the kernel,
   * which does it when the namespace's last process is gone.
   */
  #removeNamespace(id: string): void {
    const link = findLink(this.#routes, hostInterface(id));
    if (link !== undefined) setLink(this.#routes, link.index, { master: 0, up: false });
    removeNetNamespace(this.#path(id));
  }

  /** The bridge; where it had to be made anew, running containers are tied to it again. */
  #bridgeLink(): Link {
    const { link, isNew } = this.#bridge.present();
    if (isNew) for (const { id, ipv4 } of this.#attached.values()) if (ipv4 !== '') this.#bridge.fasten(hostInterface(id));
    return link;
  }

  async #warnOfForeignDrops(): Promise<void> {
    const { bridgeName: bridge } = this.#settings;
    for (const { chain, remedy } of await foreignForwardDrops(this.#table, bridge)) {
      this.#log.warn('another program drops forwarded packets that it does not know: until it lets the bridge through, containers reach nothing outside and are not reached', { chain, remedy });
    }
  }

  #startWatch(): void {
    const { verifyEveryMs } = this.#settings;
    if (verifyEveryMs === 0) return;
    clearInterval(this.#watch);
    this.#watch = setInterval(() => void this.#logged('verify the network', () => this.verify()), verifyEveryMs);
    this.#watch.unref();
  }

  async #logged(what: string, work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#log.error(`cannot ${what}`, { error: messageOf(thrown) });
    }
  }

  get #table(): string {
    const { bridgeName } = this.#settings;
    return bridgeName === DEFAULT_BRIDGE ? 'onggi' : `onggi-${bridgeName}`;
  }

  get #folder(): string {
    return join(this.#settings.execRoot, 'netns');
  }

  #path(id: string): string {
    return join(this.#folder, shortName(id));
  }
}
