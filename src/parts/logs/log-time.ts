/**
 * Compares RFC 3339 times in UTC by their text: the seconds as they stand, then the fraction, whose trailing zeros Go leaves out.
 */
export function isBefore(time: string, bound: string): boolean {
  const seconds = time.slice(0, 19);
  const boundSeconds = bound.slice(0, 19);
  if (seconds !== boundSeconds) return seconds < boundSeconds;
  return fraction(time) < fraction(bound);
}

function fraction(time: string): string {
  return time.charAt(19) === '.' ? time.slice(20, -1).padEnd(9, '0') : '000000000';
}

/** The text of a moment in nanoseconds since 1970, as the shim writes it. */
export function timeText(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const rest = String(ns % 1_000_000_000n).padStart(9, '0').replace(/0+$/, '');
  return rest === '' ? `${seconds}Z` : `${seconds}.${rest}Z`;
}
