import { EngineError, messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { findLink, type Link, setBridgePort, setLink } from '#parts/host/links.ts';
import type { RouteSocket } from '#parts/host/netlink.ts';
import { AddressPool } from './address-pool.ts';
import { type BridgeSettings, ensureBridge } from './bridge.ts';
import type { BridgeFacts } from './network-driver.ts';
import { subnetText } from './subnets.ts';

interface Parts {
  readonly socket: RouteSocket;
  readonly log: Log;
  readonly settings: Omit<BridgeSettings, 'name'> & {
    readonly bridgeName: string;
    readonly interContainer: boolean;
    readonly masquerade: boolean;
    readonly hostIp: string;
  };
}

export interface KnownBridge {
  readonly facts: BridgeFacts;
  readonly prefixLength: number;
  readonly pool: AddressPool;
}

/** The bridge that containers join by default, and who has which of its addresses. */
export class DefaultBridge {
  readonly #parts: Parts;
  #known: KnownBridge | undefined;
  /** Why there is none: containers that need none can run all the same. */
  #failure: unknown;

  constructor(parts: Parts) {
    const { bridgeName } = parts.settings;
    if (!/^[\w.-]{1,15}$/.test(bridgeName)) throw new EngineError('invalid', `invalid bridge name ${JSON.stringify(bridgeName)}`);
    this.#parts = parts;
  }

  /** Makes or finds it; it counts once `guard` has put the rules around it. */
  async setUp(guard: (facts: BridgeFacts) => Promise<void>): Promise<BridgeFacts> {
    const { socket, settings, log } = this.#parts;
    const { bridgeName: name, mtu, interContainer, masquerade, hostIp } = settings;
    try {
      const { subnet, gateway } = ensureBridge(socket, { ...settings, name }, log);
      const facts = { name, subnet: subnetText(subnet), gateway, mtu, interContainer, masquerade, hostIp };
      await guard(facts);
      this.#known = { facts, prefixLength: subnet.prefixLength, pool: new AddressPool(subnet, gateway) };
      return facts;
    } catch (thrown) {
      this.#failure = thrown;
      throw thrown;
    }
  }

  find(): KnownBridge | undefined {
    return this.#known;
  }

  /** @throws {EngineError} `unavailable`, with the reason */
  get(): KnownBridge {
    if (this.#known !== undefined) return this.#known;
    throw new EngineError('unavailable', `the default bridge is not set up: ${this.#failure === undefined ? 'not yet' : messageOf(this.#failure)}`);
  }

  forget(): void {
    this.#known = undefined;
  }

  /** Its interface, made again with the same addresses where another program has taken it away. */
  present(): { readonly link: Link; readonly isNew: boolean } {
    const { socket, settings, log } = this.#parts;
    const { facts, prefixLength } = this.get();
    const link = findLink(socket, facts.name);
    if (link?.up) return { link, isNew: false };
    log.warn('the bridge was changed by another program: putting it back', { bridge: facts.name });
    return { link: ensureBridge(socket, { ...settings, name: facts.name, bip: `${facts.gateway}/${prefixLength}` }, log).link, isNew: true };
  }

  /** Ties a container's interface to it where it is not: after the bridge was made anew. */
  fasten(hostInterface: string): void {
    const { socket, settings } = this.#parts;
    const bridge = findLink(socket, settings.bridgeName);
    const link = findLink(socket, hostInterface);
    if (bridge === undefined || link === undefined || link.master === bridge.index) return;
    setLink(socket, link.index, { master: bridge.index, up: true });
    setBridgePort(socket, link.index, { hairpin: true, isolated: !settings.interContainer });
  }
}
