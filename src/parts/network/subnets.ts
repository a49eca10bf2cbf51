import { EngineError } from '#base/errors.ts';
import { addressBytes, addressText } from '#parts/host/addresses.ts';

/** An IPv4 network: its lowest address as a number, and the length of its prefix. */
export interface Subnet {
  readonly base: number;
  readonly prefixLength: number;
}

/** Docker's own, in its order: the first of these that nothing on the host uses yet. */
export const DEFAULT_POOLS: readonly string[] = [
  ...Array.from({ length: 15 }, (_, index) => `172.${17 + index}.0.0/16`),
  ...Array.from({ length: 16 }, (_, index) => `192.168.${index * 16}.0/20`),
];

/** @throws {EngineError} `invalid` for anything but `A.B.C.D/N` */
export function parseSubnet(text: string): Subnet {
  const [, address, length] = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text) ?? [];
  const prefixLength = Number(length);
  if (address === undefined || prefixLength > 32 || address.split('.').some((part) => Number(part) > 255)) {
    throw new EngineError('invalid', `invalid subnet ${text}: it looks like 172.17.0.0/16`);
  }
  return { base: Math.floor(numberOf(address) / sizeOf({ prefixLength })) * sizeOf({ prefixLength }), prefixLength };
}

export function subnetText({ base, prefixLength }: Subnet): string {
  return `${addressOf(base)}/${prefixLength}`;
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return one.base < other.base + sizeOf(other) && other.base < one.base + sizeOf(one);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address < subnet.base + sizeOf(subnet);
}

/** How many addresses it has, the network's own and the broadcast among them. */
export function sizeOf({ prefixLength }: Pick<Subnet, 'prefixLength'>): number {
  return 2 ** (32 - prefixLength);
}

export function numberOf(address: string): number {
  return addressBytes(address).readUInt32BE();
}

export function addressOf(number: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return addressText(bytes);
}

/** The first pool that overlaps none of `used`. @throws {EngineError} `internal`, Docker's words */
export function chooseSubnet(used: readonly Subnet[], pools: readonly string[] = DEFAULT_POOLS): Subnet {
  const free = pools.map(parseSubnet).find((pool) => !used.some((other) => overlap(pool, other)));
  if (free === undefined) throw new EngineError('internal', 'all predefined address pools have been fully subnetted');
  return free;
}
