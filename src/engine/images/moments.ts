import { EngineError } from '#base/errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };

/**
 * A filter's point in time: a duration before now (`24h`, `1h30m`), seconds since 1970, or a date.
 *
 * @returns milliseconds since 1970
 * @throws {EngineError} `internal`, which is what Docker answers here
 */
export function parseMoment(text: string, nowMs: number = Date.now()): number {
  if (/^[+-]?(?:[0-9]*\.?[0-9]+(?:h|ms|us|µs|ns|m|s))+$/.test(text)) {
    const sum = [...text.matchAll(/([0-9]*\.?[0-9]+)(h|ms|us|µs|ns|m|s)/g)].reduce((total, [, value, unit]) => total + Number(value) * (UNIT_MS[unit ?? ''] ?? 0), 0);
    return nowMs - (text.startsWith('-') ? -sum : sum);
  }
  if (/^[0-9]+(?:\.[0-9]{1,9})?$/.test(text)) return Number(text) * 1000;
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9:]{5})?)?$/.test(text)) {
    const moment = Date.parse(text);
    if (!Number.isNaN(moment)) return moment;
  }
  throw new EngineError('internal', `failed to parse value as time or duration: ${JSON.stringify(text)}`);
}
