import { EngineError } from '#base/errors.ts';
import { addressOf, contains, numberOf, sizeOf, type Subnet } from './subnets.ts';

/**
 * The addresses of one subnet. The lowest free one is given first, as Docker does. Held in memory only: after a restart
 * the endpoints of running containers are put back with `take`.
 */
export class AddressPool {
  readonly #subnet: Subnet;
  readonly #taken: Set<number>;

  /** `gateway` belongs to the bridge; the network's own address and the broadcast to nobody. */
  constructor(subnet: Subnet, gateway: string) {
    this.#subnet = subnet;
    this.#taken = new Set([subnet.base, subnet.base + sizeOf(subnet) - 1, numberOf(gateway)]);
  }

  /** @throws {EngineError} `internal`, in Docker's words, when none is free */
  takeLowest(): string {
    const end = this.#subnet.base + sizeOf(this.#subnet) - 1;
    for (let address = this.#subnet.base + 1; address < end; address++) {
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      return addressOf(address);
    }
    throw new EngineError('internal', 'no available IPv4 addresses on this network\'s address pools: bridge');
  }

  /** @throws {EngineError} `internal`, in Docker's words, when it is outside or somebody has it */
  take(address: string): void {
    const number = numberOf(address);
    if (!contains(this.#subnet, number)) throw new EngineError('internal', `no configured subnet or ip-range contain the IP address ${address}`);
    if (this.#taken.has(number)) throw new EngineError('internal', 'Address already in use');
    this.#taken.add(number);
  }

  release(address: string): void {
    this.#taken.delete(numberOf(address));
  }
}
