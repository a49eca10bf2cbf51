import { codeOf, messageOf } from '#base/errors.ts';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import { addressBytes } from '#parts/host/addresses.ts';
import { forgetUdpConnections } from '#parts/host/conntrack.ts';
import { changeMaps, concatenation, type MapElement, rulesetGeneration } from '#parts/host/nf-tables.ts';
import type { NetfilterSocket } from '#parts/host/netlink.ts';
import { listTable, runNft } from '#parts/host/nft.ts';
import type { PortMapping } from './network-driver.ts';
import { PUBLISHED, PUBLISHED_ANY, ruleScript, type RuleFacts } from './rules.ts';

interface Parts {
  readonly socket: NetfilterSocket;
  readonly log: Log;
}

const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;

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
    if (state.rules === this.#rules && sameKeys(state.ports, this.#wantedPorts())) {
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
    const elements = [...this.#published.values()];
    const fill = [PUBLISHED, PUBLISHED_ANY].flatMap((map) => {
      const texts = elements.filter((element) => element.map === map).map(elementText);
      return [`flush map ip ${table} ${map}`, ...(texts.length > 0 ? [`add element ip ${table} ${map} { ${texts.join(', ')} }`] : [])];
    });
    await this.#apply([ruleScript(this.#facts), ...fill].join('\n'));
  }

  async #apply(script: string): Promise<void> {
    await runNft(script);
    this.#generation = rulesetGeneration(this.#parts.socket);
    this.#rules = (await this.#read()).rules;
  }

  async #read(): Promise<{ readonly rules: string; readonly ports: ReadonlySet<string> }> {
    const json = await listTable(this.#facts?.table ?? '');
    return json === undefined ? { rules: '', ports: new Set() } : parseListing(json);
  }

  #wantedPorts(): ReadonlySet<string> {
    return new Set([...this.#published.values()].map((element) => `${element.map} ${elementText(element).replaceAll(' ', '')}`));
  }
}

function isIpv4Mapping({ hostIp }: PortMapping): boolean {
  return !hostIp.includes(':');
}

function elementOf({ protocol, hostIp, hostPort, containerIp, containerPort }: PortMapping): MapElement {
  const any = hostIp === '0.0.0.0';
  const key = [Uint8Array.of(PROTOCOL_NUMBERS[protocol]), ...(any ? [] : [addressBytes(hostIp)]), portBytes(hostPort)];
  return { map: any ? PUBLISHED_ANY : PUBLISHED, key: concatenation(...key), value: concatenation(addressBytes(containerIp), portBytes(containerPort)) };
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}

function keyOf({ map, key }: MapElement): string {
  return `${map} ${Buffer.from(key).toString('hex')}`;
}

/** In nft's language: `6 . 82 : 172.17.0.2 . 80`. */
function elementText({ map, key, value }: MapElement): string {
  const from = Buffer.from(key);
  const to = Buffer.from(value);
  const host = map === PUBLISHED ? `${[...from.subarray(4, 8)].join('.')} . ${from.readUInt16BE(8)}` : String(from.readUInt16BE(4));
  return `${from[0]} . ${host} : ${[...to.subarray(0, 4)].join('.')} . ${to.readUInt16BE(4)}`;
}

interface Listing {
  readonly nftables: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];
}

/** What `nft -j -n list table` says: everything but handles, published ports and the administrator's chain; and the ports. */
function parseListing(json: string): { readonly rules: string; readonly ports: ReadonlySet<string> } {
  const rules: unknown[] = [];
  const ports = new Set<string>();
  for (const object of (JSON.parse(json) as Listing).nftables) {
    const [[kind, { handle: _handle, elem, ...facts }] = ['', { handle: 0, elem: undefined }]] = Object.entries(object) as [string, { handle?: unknown; elem?: unknown }][];
    const name = (facts as { name?: unknown }).name;
    if (kind === 'metainfo' || (facts as { chain?: unknown }).chain === 'onggi-user') continue;
    if (kind === 'map' && (name === PUBLISHED || name === PUBLISHED_ANY)) {
      for (const pair of (elem ?? []) as [{ concat: unknown[] }, { concat: unknown[] }][]) ports.add(`${name} ${pair.map(({ concat }) => concat.join('.')).join(':')}`);
      rules.push([kind, facts]);
    } else {
      // A set's elements come in the order of its hash.
      rules.push([kind, facts, Array.isArray(elem) ? elem.map((one) => JSON.stringify(one)).sort() : elem]);
    }
  }
  return { rules: JSON.stringify(rules), ports };
}

function sameKeys(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}
