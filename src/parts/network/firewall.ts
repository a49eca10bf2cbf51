import { codeOf, messageOf } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import { forgetUdpConnections } from '#parts/host/conntrack.ts';
import { changeMaps, type MapElement, rulesetGeneration } from '#parts/host/nf-tables.ts';
import type { NetfilterSocket } from '#parts/host/netlink.ts';
import { listTable, runNft } from '#parts/host/nft.ts';
import type { PortMapping } from './network-driver.ts';
import { elementOf, elementText, fillScript, isIpv4Mapping, keyOf } from './published-elements.ts';
import { parseListing, type RuleListing, sameSet } from './rule-listing.ts';
import { ruleScript, type RuleFacts } from './rules.ts';

interface Parts {
  readonly socket: NetfilterSocket;
  readonly log: Log;
}

/**
 * Our table of packet filter rules on this host. The rules are written by nft in one transaction, published ports are
 * put in and taken out over netlink in one transaction each.
 */
export class Firewall {
  readonly #parts: Parts;
  readonly #turns = new KeyedLock();
  /** What is published now, by map and key. */
  readonly #published = new Map<string, MapElement>();
  #facts: RuleFacts | undefined;
  /** The ruleset's generation after our last change, and how our rules looked when they were written. */
  #generation = 0;
  #rules = '';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Writes the rules. Ports that an earlier run published stay until `settle`, so that nobody notices a restart.
   *
   * @throws {EngineError} from nft
   */
  async write(facts: RuleFacts): Promise<void> {
    using _turn = await this.#turns.hold('table');
    this.#facts = facts;
    await this.#apply(ruleScript(facts));
  }

  /** Makes the published ports exactly those of this run. */
  async settle(): Promise<void> {
    using _turn = await this.#turns.hold('table');
    await this.#applyAll();
  }

  /** Leads these ports to their containers: all or none. IPv6 addresses are passed over, containers have none. */
  async publish(mappings: readonly PortMapping[]): Promise<void> {
    const elements = mappings.filter(isIpv4Mapping).map(elementOf);
    if (elements.length === 0) return;
    using _turn = await this.#turns.hold('table');
    elements.forEach((element) => this.#published.set(keyOf(element), element));
    try {
      await this.#change({ add: elements });
      this.#forgetConnections(mappings);
    } catch (thrown) {
      elements.forEach((element) => this.#published.delete(keyOf(element)));
      throw thrown;
    }
  }

  async unpublish(mappings: readonly PortMapping[]): Promise<void> {
    const elements = mappings.filter(isIpv4Mapping).map(elementOf).filter((element) => this.#published.has(keyOf(element)));
    if (elements.length === 0) return;
    using _turn = await this.#turns.hold('table');
    elements.forEach((element) => this.#published.delete(keyOf(element)));
    await this.#change({ remove: elements });
    this.#forgetConnections(mappings);
  }

  /** For ports that an earlier run has published: known from here on, and in the table already. */
  adopt(mappings: readonly PortMapping[]): void {
    mappings.filter(isIpv4Mapping).map(elementOf).forEach((element) => this.#published.set(keyOf(element), element));
  }

  /** Looks whether someone else has changed what is ours, and puts it back. @returns true when it had to */
  async verify(): Promise<boolean> {
    if (this.#facts === undefined || rulesetGeneration(this.#parts.socket) === this.#generation) return false;
    using _turn = await this.#turns.hold('table');
    const before = rulesetGeneration(this.#parts.socket);
    if (before === this.#generation) return false;
    const state = await this.#read();
    if (state.rules === this.#rules && sameSet(state.ports, this.#wantedPorts())) {
      this.#generation = before;
      return false;
    }
    this.#parts.log.warn('packet filter rules were changed by another program: putting them back', { table: this.#facts.table });
    await this.#applyAll();
    return true;
  }

  /** Takes the table away, with the administrator's chain in it. */
  async remove(): Promise<void> {
    using _turn = await this.#turns.hold('table');
    const table = this.#facts?.table;
    this.#facts = undefined;
    this.#published.clear();
    if (table !== undefined) await runNft(`add table ip ${table}\ndelete table ip ${table}`);
  }

  #forgetConnections(mappings: readonly PortMapping[]): void {
    try {
      const places = mappings
        .filter((mapping) => mapping.protocol === 'udp' && isIpv4Mapping(mapping))
        .map(({ hostIp, hostPort }) => ({ address: hostIp === '0.0.0.0' ? undefined : hostIp, port: hostPort }));
      if (places.length > 0) forgetUdpConnections(this.#parts.socket, places);
    } catch (thrown) {
      this.#parts.log.warn('UDP senders that did not pause may not see a changed port', { error: messageOf(thrown) });
    }
  }

  async #change(change: { readonly add?: readonly MapElement[]; readonly remove?: readonly MapElement[] }): Promise<void> {
    const { socket } = this.#parts;
    const undisturbed = rulesetGeneration(socket) === this.#generation;
    try {
      changeMaps(socket, { table: this.#facts?.table ?? '', ...change });
      // Another's change just before must still be seen by `verify`.
      if (undisturbed) this.#generation = rulesetGeneration(socket);
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT' && codeOf(thrown) !== 'EEXIST') throw thrown;
      await this.#applyAll();
    }
  }

  async #applyAll(): Promise<void> {
    if (this.#facts === undefined) return;
    const { table } = this.#facts;
    await this.#apply(`${ruleScript(this.#facts)}\n${fillScript(table, [...this.#published.values()])}`);
  }

  async #apply(script: string): Promise<void> {
    await runNft(script);
    this.#generation = rulesetGeneration(this.#parts.socket);
    this.#rules = (await this.#read()).rules;
  }

  async #read(): Promise<RuleListing> {
    const json = await listTable(this.#facts?.table ?? '');
    return json === undefined ? { rules: '', ports: new Set() } : parseListing(json);
  }

  #wantedPorts(): ReadonlySet<string> {
    return new Set([...this.#published.values()].map((element) => `${element.map} ${elementText(element).replaceAll(' ', '')}`));
  }
}
