import { quote } from './template/quote.ts';

const UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n, us: 1000n, 'µs': 1000n, 'μs': 1000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n,
};
const MAX_NS = 2n ** 63n - 1n;

/**
 * Nanoseconds of a Go duration: `1h30m`, `1.5s`, `-100ms`, `0`.
 *
 * @throws {Error} in Go's words
 */
export function parseDuration(text: string): number {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0;
  if (body === '') throw invalid(text);
  let total = 0n;
  let rest = body;
  while (rest !== '') {
    const [part = '', whole = '', fraction = '', unit = ''] = /^(\d*)(?:\.(\d*))?([^\d.]*)/.exec(rest) ?? [];
    if (whole === '' && fraction === '') throw invalid(text);
    if (unit === '') throw new Error(`time: missing unit in duration ${quote(text)}`);
    const unitNs = UNITS_NS[unit];
    if (unitNs === undefined) throw new Error(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
    total += BigInt(whole || 0) * unitNs + (BigInt(fraction || 0) * unitNs) / 10n ** BigInt(fraction.length);
    if (total > MAX_NS) throw invalid(text);
    rest = rest.slice(part.length);
  }
  return Number(sign === '-' ? -total : total);
}

function invalid(text: string): Error {
  return new Error(`time: invalid duration ${quote(text)}`);
}

/** Nanoseconds as Go's Duration prints them: `1h30m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(durationNs: number): string {
  if (durationNs === 0) return '0s';
  const sign = durationNs < 0 ? '-' : '';
  const size = Math.abs(durationNs);
  if (size < 1000) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${fraction(size, 3)}µs`;
  if (size < 1e9) return `${sign}${fraction(size, 6)}ms`;
  const minutes = Math.floor(size / 60e9);
  const seconds = `${fraction(size - minutes * 60e9, 9)}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return `${sign}${hours > 0 ? `${hours}h` : ''}${minutes % 60}m${seconds}`;
}

/** A count of 10^-digits as a decimal without trailing zeros; by text, since division would round. */
function fraction(count: number, digits: number): string {
  const text = String(count).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, '');
}
