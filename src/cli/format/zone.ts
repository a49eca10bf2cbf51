import { readFileSync } from 'node:fs';

/** What a clock on the wall shows at a moment: seconds east of Greenwich, and the zone's short name (`UTC`, `KST`). */
export interface Zone {
  readonly offsetSeconds: number;
  readonly name: string;
}

const names = new Map<string, Zone>();

/**
 * The machine's time zone at a moment, as TZ or /etc/localtime has it. JavaScript knows the offsets but not the short
 * names: those stand in the zone's file.
 */
export function zoneAt(unixSeconds: number): Zone {
  const offsetSeconds = -new Date(unixSeconds * 1000).getTimezoneOffset() * 60;
  if (offsetSeconds === 0 && isUtc()) return { offsetSeconds, name: 'UTC' };
  const key = `${offsetSeconds}/${isSummer(unixSeconds, offsetSeconds)}`;
  let zone = names.get(key);
  if (zone === undefined) names.set(key, (zone = { offsetSeconds, name: nameOf(offsetSeconds, key.endsWith('true')) }));
  return zone;
}

function isUtc(): boolean {
  const zone = process.env['TZ'] ?? '';
  if (zone === '') return Intl.DateTimeFormat().resolvedOptions().timeZone === 'UTC';
  return /^:?(?:Etc\/)?(?:UTC|UCT|Zulu|Universal)$/.test(zone);
}

/** Summer time is the larger of the offsets that a year has. */
function isSummer(unixSeconds: number, offsetSeconds: number): boolean {
  const year = new Date(unixSeconds * 1000).getUTCFullYear();
  const offsets = [0, 6].map((month) => -new Date(year, month, 1).getTimezoneOffset() * 60);
  return offsetSeconds > Math.min(...offsets);
}

function nameOf(offsetSeconds: number, summer: boolean): string {
  const known = typesOfZone().find((type) => type.offsetSeconds === offsetSeconds && type.summer === summer)
    ?? typesOfZone().find((type) => type.offsetSeconds === offsetSeconds);
  if (known !== undefined) return known.name;
  const hours = Math.trunc(Math.abs(offsetSeconds) / 3600);
  return `${offsetSeconds < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}`;
}

/** The local time types of the zone's file, those used last first: old ones share offsets with those of today. */
function typesOfZone(): (Zone & { summer: boolean })[] {
  const zone = (process.env['TZ'] ?? '').replace(/^:/, '');
  const path = zone === '' ? '/etc/localtime' : zone.startsWith('/') ? zone : `/usr/share/zoneinfo/${zone}`;
  try {
    return readTypes(readFileSync(path));
  } catch {
    return [];
  }
}

/** Reads a TZif file (RFC 8536). Types that no change of the clocks leads to come last. */
function readTypes(file: Buffer): (Zone & { summer: boolean })[] {
  if (file.toString('latin1', 0, 4) !== 'TZif') return [];
  const block = file[4]! >= 0x32 ? secondBlock(file) : 0;
  const wide = block > 0 ? 8 : 4;
  const transitions = file.readUInt32BE(block + 32);
  const types = file.readUInt32BE(block + 36);
  const typesAt = block + 44 + transitions * (wide + 1);
  const namesAt = typesAt + types * 6;
  const used = Array.from(file.subarray(block + 44 + transitions * wide, typesAt)).toReversed();
  return [...new Set([...used, ...Array.from({ length: types }).keys()])].map((index) => {
    const at = typesAt + index * 6;
    const nameAt = namesAt + file[at + 5]!;
    const name = file.toString('latin1', nameAt, file.indexOf(0, nameAt));
    return { offsetSeconds: file.readInt32BE(at), summer: file[at + 4] === 1, name };
  });
}

/** Since version 2 a file has its tables twice; the first may be empty. */
function secondBlock(file: Buffer): number {
  const count = (at: number): number => file.readUInt32BE(at);
  return 44 + count(32) * 5 + count(36) * 6 + count(40) + count(28) * 8 + count(24) + count(20);
}
