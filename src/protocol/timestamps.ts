import { EngineError } from '#base/errors.ts';

/** How Go writes a time that never was. */
export const GO_ZERO_TIME = '0001-01-01T00:00:00Z';

const NS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 in UTC without trailing zeros of the fraction, as Go writes a time into JSON. null is Go's zero. */
export function formatGoTime(time: Date | null): string {
  if (time === null || Number.isNaN(time.getTime())) return GO_ZERO_TIME;
  return time.toISOString().replace(/\.?0+Z$/, 'Z');
}

/** RFC 3339 in UTC to the second: the form of a volume's `CreatedAt`. */
export function formatGoSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/**
 * Reads what a query's `since` and `until` may hold: `seconds` or `seconds.fraction` since 1970, in nanoseconds.
 *
 * @throws {EngineError} `internal` with the text of Go's strconv, which is what dockerd answers (500)
 */
export function parseUnixTimestamp(text: string): bigint {
  const [seconds, fraction] = splitOnce(text, '.');
  const whole = goInt64(seconds);
  if (fraction === undefined) return whole * NS_PER_SECOND;
  goInt64(fraction);
  const nanoseconds = BigInt(fraction.replace(/^[+-]/, '').padEnd(9, '0').slice(0, 9));
  return whole * NS_PER_SECOND + nanoseconds;
}

/**
 * Turns what a user types for `--since` and `--until` into what the API takes: a Go duration (`10m`, `1h30m`) is that
 * long before `nowMs`, in whole seconds; a date or a time of RFC 3339 (with or without zone) is that moment; a number is
 * left as it is.
 *
 * @see moby api/types/time `GetTimestamp`
 * @throws {EngineError} `invalid` where it is none of these
 */
export function toUnixTimestamp(text: string, nowMs: number): string {
  const duration = parseGoDuration(text);
  if (duration !== undefined && text !== '0') return String(wholeSeconds(BigInt(Math.trunc(nowMs)) * 1_000_000n - duration));
  if (/^-?\d+(\.\d+)?$/.test(text)) return text;
  const moment = parseMoment(text);
  if (moment === undefined) {
    throw new EngineError('invalid', `failed to parse value as time or duration: ${JSON.stringify(text)}`);
  }
  return unixText(moment);
}

const DURATION_UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  'µs': 1_000n,
  'μs': 1_000n,
  ms: 1_000_000n,
  s: NS_PER_SECOND,
  m: 60n * NS_PER_SECOND,
  h: 3600n * NS_PER_SECOND,
};

/** Nanoseconds of a Go duration (`1.5h`, `-10ms`, `0`); undefined where it is not one. */
export function parseGoDuration(text: string): bigint | undefined {
  const match = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (!match) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = DURATION_UNITS[unit] ?? 0n;
    total += BigInt(whole || '0') * scale;
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  return match[1] === '-' ? -total : total;
}

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}(?::\d{2}(?::\d{2}(?:\.(\d{1,9}))?)?)?))?(Z|[+-]\d{2}:\d{2})?$/;

function parseMoment(text: string): bigint | undefined {
  const match = MOMENT.exec(text);
  if (!match) return undefined;
  const [, day = '', clock, fraction = '', zone = ''] = match;
  const [hours = '00', minutes = '00', seconds = '00'] = (clock ?? '').split('.')[0]?.split(':').filter(Boolean) ?? [];
  const ms = new Date(`${day}T${hours}:${minutes}:${seconds}${zone}`).getTime();
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** Downwards, as Go's `Unix()`. */
function wholeSeconds(nanoseconds: bigint): bigint {
  const below = nanoseconds < 0n && nanoseconds % NS_PER_SECOND !== 0n;
  return nanoseconds / NS_PER_SECOND - (below ? 1n : 0n);
}

function unixText(nanoseconds: bigint): string {
  const negative = nanoseconds < 0n;
  const size = negative ? -nanoseconds : nanoseconds;
  return `${negative ? '-' : ''}${size / NS_PER_SECOND}.${String(size % NS_PER_SECOND).padStart(9, '0')}`;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function goInt64(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw strconvError(text, 'invalid syntax');
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value)) throw strconvError(text, 'value out of range');
  return value;
}

function strconvError(text: string, why: string): EngineError {
  return new EngineError('internal', `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
}
