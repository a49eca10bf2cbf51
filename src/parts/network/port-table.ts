import { closeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf, EngineError } from '#base/errors.ts';
import { bindSocket, type PortProtocol } from '#parts/host/bound-sockets.ts';
import { readSysctl } from '#parts/host/sysctl.ts';
import type { PortMapping } from './network-driver.ts';
import type { WantedPort } from './port-bindings.ts';

/** One port of one container with the sockets that hold it. */
export interface HeldPort {
  readonly key: string;
  readonly mappings: readonly PortMapping[];
  readonly descriptors: readonly number[];
}

/** A container that has just ended may hold its ports a moment longer than we do: so long is waited for them. */
const RELEASED_MS = 2000;
const RETRY_MS = 10;

/** Which host port belongs to whom: our own containers' by this table, other programs' by trying to bind. */
export class PortTable {
  /** Host addresses by `tcp/82`. */
  readonly #held = new Map<string, Set<string>>();
  /** Where the next free choice begins to look, by protocol: a port just given back is not given out again at once. */
  readonly #next = new Map<PortProtocol, number>();

  /** When one of our containers gave a port back. */
  readonly #released = new Map<string, number>();

  /**
   * Takes all of these ports, each with a bound socket per host address, or none.
   *
   * @throws {EngineError} `internal`, in Docker's words: which port, and whether a container or another program has it
   */
  async hold(wanted: readonly WantedPort[], containerIp: string, cancel?: AbortSignal): Promise<readonly HeldPort[]> {
    const held: HeldPort[] = [];
    try {
      for (const wish of wanted) held.push(await this.#holdOne(wish, containerIp, cancel));
      return held;
    } catch (thrown) {
      held.forEach(({ descriptors }) => descriptors.forEach((descriptor) => closeSync(descriptor)));
      this.release(held.flatMap(({ mappings }) => mappings));
      throw thrown;
    }
  }

  /** Takes over ports that an earlier run of the engine gave out and that the container's shim holds. */
  adopt(mappings: readonly PortMapping[]): void {
    mappings.forEach((mapping) => this.#mark(mapping));
  }

  release(mappings: readonly PortMapping[]): void {
    const now = Date.now();
    for (const [key, at] of this.#released) if (now - at > RELEASED_MS) this.#released.delete(key);
    for (const mapping of mappings) if (this.#unmark(mapping)) this.#released.set(`${mapping.protocol}/${mapping.hostPort}`, now);
  }

  async #holdOne(wish: WantedPort, containerIp: string, cancel?: AbortSignal): Promise<HeldPort> {
    const fixed = wish.first === wish.last && wish.first !== 0;
    let refusal: EngineError | undefined;
    for (const hostPort of this.#candidates(wish)) {
      const owner = this.#ownerOf(wish, hostPort);
      if (owner !== undefined) {
        if (fixed) throw new EngineError('internal', `Bind for ${owner}:${hostPort} failed: port is already allocated`);
        continue;
      }
      const mappings = wish.hostIps.map((hostIp) => ({ protocol: wish.protocol, hostIp, hostPort, containerIp, containerPort: wish.containerPort }));
      const bound = await this.#bind(mappings, fixed, cancel);
      if (bound instanceof EngineError) {
        refusal = bound;
        continue;
      }
      if (wish.first === 0) this.#next.set(wish.protocol, hostPort + 1);
      return { key: wish.key, mappings, descriptors: bound };
    }
    throw refusal ?? new EngineError('internal', 'all ports are allocated');
  }

  /** Marks the port as ours before anything is waited for, so that nobody else tries the same. */
  async #bind(mappings: readonly PortMapping[], patient: boolean, cancel?: AbortSignal): Promise<readonly number[] | EngineError> {
    mappings.forEach((mapping) => this.#mark(mapping));
    try {
      for (;;) {
        const bound = bindAll(mappings);
        if (!(bound instanceof EngineError)) return bound;
        if (!patient || !this.#wasReleased(mappings)) {
          mappings.forEach((mapping) => this.#unmark(mapping));
          return bound;
        }
        await pause(RETRY_MS, undefined, cancel && { signal: cancel });
      }
    } catch (thrown) {
      mappings.forEach((mapping) => this.#unmark(mapping));
      throw thrown;
    }
  }

  #wasReleased(mappings: readonly PortMapping[]): boolean {
    return mappings.some(({ protocol, hostPort }) => Date.now() - (this.#released.get(`${protocol}/${hostPort}`) ?? 0) < RELEASED_MS);
  }

  /** In the order in which they are tried. */
  *#candidates({ first, last, protocol }: WantedPort): Iterable<number> {
    if (first !== 0) {
      for (let port = first; port <= last; port++) yield port;
      return;
    }
    const [low, high] = ephemeralRange();
    const next = this.#next.get(protocol) ?? low;
    const start = next > high || next < low ? low : next;
    for (let port = start; port <= high; port++) yield port;
    for (let port = low; port < start; port++) yield port;
  }

  /** The address through which one of our containers has this port already. */
  #ownerOf({ protocol, hostIps }: WantedPort, port: number): string | undefined {
    const addresses = this.#held.get(`${protocol}/${port}`);
    if (addresses === undefined) return undefined;
    return [...addresses].find((held) => hostIps.some((wanted) => meet(held, wanted)));
  }

  #mark({ protocol, hostPort, hostIp }: PortMapping): void {
    const key = `${protocol}/${hostPort}`;
    const addresses = this.#held.get(key) ?? new Set();
    addresses.add(hostIp);
    this.#held.set(key, addresses);
  }

  #unmark({ protocol, hostPort, hostIp }: PortMapping): boolean {
    const key = `${protocol}/${hostPort}`;
    const addresses = this.#held.get(key);
    const wasMarked = addresses?.delete(hostIp) ?? false;
    if (addresses?.size === 0) this.#held.delete(key);
    return wasMarked;
  }
}

/** Two addresses of which no port can be used twice. */
function meet(one: string, other: string): boolean {
  if (one.includes(':') !== other.includes(':')) return false;
  return one === other || [one, other].some((address) => address === '0.0.0.0' || address === '::');
}

/** The descriptors, or the error where another program has the port. @throws {EngineError} for any other reason */
function bindAll(mappings: readonly PortMapping[]): readonly number[] | EngineError {
  const descriptors: number[] = [];
  for (const mapping of mappings) {
    try {
      descriptors.push(bindSocket({ protocol: mapping.protocol, address: mapping.hostIp, port: mapping.hostPort }));
    } catch (thrown) {
      descriptors.forEach((descriptor) => closeSync(descriptor));
      const refusal = new EngineError('internal', `failed to bind host port for ${mappingText(mapping)}: ${REASONS[codeOf(thrown) ?? ''] ?? String(thrown)}`, { cause: thrown });
      if (codeOf(thrown) === 'EADDRINUSE') return refusal;
      throw refusal;
    }
  }
  return descriptors;
}

// Go's words for these errors, since clients match on them.
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
  EPROTONOSUPPORT: 'protocol not supported',
  EMFILE: 'too many open files',
};

/** `0.0.0.0:82:172.17.0.2:80/tcp`. */
function mappingText({ protocol, hostIp, hostPort, containerIp, containerPort }: PortMapping): string {
  return `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${hostPort}:${containerIp}:${containerPort}/${protocol}`;
}

/** What the kernel gives to clients; Docker chooses from the same. */
function ephemeralRange(): readonly [number, number] {
  const [low, high] = (readSysctl('net/ipv4/ip_local_port_range') ?? '').split(/\s+/).map(Number);
  return low && high && low <= high ? [low, high] : [49153, 65535];
}
