import { humanDuration } from './units.ts';
import { zoneAt } from './zone.ts';

/** Go's zero time on the wire: never. */
const NEVER = '0001-01-01T00:00:00Z';

/** Milliseconds since 1970 of a time on the wire; undefined where it never was. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === NEVER) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** `2026-11-22 06:10:17 +0000 UTC`: Unix seconds as Go prints a local time. */
export function showUnixTime(seconds: number): string {
  const { offsetSeconds, name } = zoneAt(seconds);
  return `${wallClock(seconds, offsetSeconds)} ${showOffset(offsetSeconds)} ${name}`;
}

/** A time on the wire as Go prints it: in the zone it was written in, with its fraction of a second. */
export function showWireTime(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return text;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const trimmed = fraction.replace(/\.?0+$/, '');
  return `${date} ${time}${trimmed} ${zone === 'Z' ? '+0000 UTC' : zoneOfWire(text, zone.replace(':', ''))}`;
}

/** Go takes the machine's own zone where the offset agrees with it, else a zone that is named by its offset. */
function zoneOfWire(text: string, offset: string): string {
  const { offsetSeconds, name } = zoneAt(Math.floor(Date.parse(text) / 1000));
  return `${offset} ${showOffset(offsetSeconds) === offset ? name : offset}`;
}

/** `2026-11-22T04:11:57Z`, in the machine's zone: Go's RFC 3339. */
export function showRfc3339(seconds: number): string {
  const { offsetSeconds } = zoneAt(seconds);
  const offset = offsetSeconds === 0 ? 'Z' : showOffset(offsetSeconds).replace(/(\d\d)$/, ':$1');
  return wallClock(seconds, offsetSeconds).replace(' ', 'T') + offset;
}

/** `5 hours ago`. */
export function ago(seconds: number, nowMs: number = Date.now()): string {
  return `${humanDuration(nowMs - seconds * 1000)} ago`;
}

function wallClock(seconds: number, offsetSeconds: number): string {
  return new Date((seconds + offsetSeconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

function showOffset(offsetSeconds: number): string {
  const minutes = Math.trunc(Math.abs(offsetSeconds) / 60);
  const digits = (count: number): string => String(count).padStart(2, '0');
  return `${offsetSeconds < 0 ? '-' : '+'}${digits(Math.trunc(minutes / 60))}${digits(minutes % 60)}`;
}
