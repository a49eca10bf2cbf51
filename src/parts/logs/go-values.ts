/** Go's strconv.Atoi. @throws {Error} in its words */
export function parseInteger(text: string, call = 'Atoi'): number {
  const quoted = JSON.stringify(text);
  if (!(call === 'ParseUint' ? /^\d+$/ : /^[+-]?\d+$/).test(text)) throw new Error(`strconv.${call}: parsing ${quoted}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`strconv.${call}: parsing ${quoted}: value out of range`);
  return value;
}

/** Go's strconv.ParseBool. @throws {Error} in its words */
export function parseBoolean(text: string): boolean {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's time.ParseDuration, in milliseconds: `300ms`, `1h30m`. @throws {Error} in its words */
export function parseDurationMs(text: string): number {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (rest === undefined || rest === '') throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
  let at = 0;
  let sum = 0;
  for (const [whole, number = '', unit = ''] of rest.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]*)/gy)) {
    if (unit === '') throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const ms = UNIT_MS[unit];
    if (ms === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    sum += Number(number) * ms;
    at += whole.length;
  }
  if (at !== rest.length) throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
  return sign === '-' ? -sum : sum;
}
