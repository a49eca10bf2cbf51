import { invalidHeader } from './header.ts';

/** The records of one PAX header: keys as text, values as bytes. A later record of the same key wins. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/**
 * Reads `LENGTH KEY=VALUE\n` records.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (pax Extended Header)
 */
export function readPax(bytes: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space);
    if (!/^[0-9]{1,9}$/.test(digits)) throw invalidHeader();
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a) throw invalidHeader();
    records.set(bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** A name: bytes without a NUL, as a byte string. */
export function paxName(value: Buffer): string {
  if (value.includes(0)) throw invalidHeader();
  return value.toString('latin1');
}

export function paxInteger(value: Buffer): number {
  const text = value.toString('latin1');
  if (!/^-?[0-9]{1,16}$/.test(text)) throw invalidHeader();
  return Number(text);
}

/** `-12.5` is 13 seconds back, and half a second on. More than nine decimals are cut off. */
export function paxTime(value: Buffer): { seconds: number; nanoseconds: number } {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value.toString('latin1'));
  if (!match) throw invalidHeader();
  const [, sign, whole = '0', fraction = ''] = match;
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (!sign) return { seconds: Number(whole), nanoseconds };
  return nanoseconds === 0 ? { seconds: -Number(whole), nanoseconds: 0 } : { seconds: -Number(whole) - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}
