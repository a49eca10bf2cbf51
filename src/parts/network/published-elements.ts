import { addressBytes } from '#parts/host/addresses.ts';
import { concatenation, type MapElement } from '#parts/host/nf-tables.ts';
import type { PortMapping } from './network-driver.ts';
import { PUBLISHED, PUBLISHED_ANY } from './rules.ts';

/** Published ports as elements of the two maps: in the kernel's bytes, and in nft's language. */

const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;

export function isIpv4Mapping({ hostIp }: PortMapping): boolean {
  return !hostIp.includes(':');
}

export function elementOf({ protocol, hostIp, hostPort, containerIp, containerPort }: PortMapping): MapElement {
  const any = hostIp === '0.0.0.0';
  const key = [Uint8Array.of(PROTOCOL_NUMBERS[protocol]), ...(any ? [] : [addressBytes(hostIp)]), portBytes(hostPort)];
  return { map: any ? PUBLISHED_ANY : PUBLISHED, key: concatenation(...key), value: concatenation(addressBytes(containerIp), portBytes(containerPort)) };
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}

export function keyOf({ map, key }: MapElement): string {
  return `${map} ${Buffer.from(key).toString('hex')}`;
}

/** In nft's language: `6 . 82 : 172.17.0.2 . 80`. */
export function elementText({ map, key, value }: MapElement): string {
  const from = Buffer.from(key);
  const to = Buffer.from(value);
  const host = map === PUBLISHED ? `${[...from.subarray(4, 8)].join('.')} . ${from.readUInt16BE(8)}` : String(from.readUInt16BE(4));
  return `${from[0]} . ${host} : ${[...to.subarray(0, 4)].join('.')} . ${to.readUInt16BE(4)}`;
}

/** Makes the maps hold exactly these. */
export function fillScript(table: string, elements: readonly MapElement[]): string {
  return [PUBLISHED, PUBLISHED_ANY]
    .flatMap((map) => {
      const texts = elements.filter((element) => element.map === map).map(elementText);
      return [`flush map ip ${table} ${map}`, ...(texts.length > 0 ? [`add element ip ${table} ${map} { ${texts.join(', ')} }`] : [])];
    })
    .join('\n');
}
