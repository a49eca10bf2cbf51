/** A value that cannot be read; the text is Go's, since Docker's messages end in it. */
export class FlagValueError extends Error {
  static {
    this.prototype.name = 'FlagValueError';
  }
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

export function parseBool(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new FlagValueError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** A whole number in Go's base-0 notation (`0x1f`, `0o17`, `017`, `1_000`). */
export function parseInteger(text: string, range: { readonly min: number; readonly max: number; readonly call: string }): number {
  const match = /^([+-]?)(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|[0-9][0-9_]*)$/.exec(text);
  const failed = `strconv.${range.call}: parsing ${JSON.stringify(text)}`;
  const digits = match?.[2]?.replaceAll('_', '');
  if (digits === undefined || (range.min >= 0 && match?.[1] !== '')) throw new FlagValueError(`${failed}: invalid syntax`);
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits) * (match?.[1] === '-' ? -1 : 1);
  if (value < range.min || value > range.max) throw new FlagValueError(`${failed}: value out of range`);
  return value === 0 ? 0 : value;
}

/** `1.5` or `3/2` processors, in billionths. */
export function parseDecimal(text: string): number {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?(?:\/(\d+))?$|^([+-]?)\.(\d+)$/i.exec(text);
  if (match === null || (match[5] !== undefined && (match[3] !== undefined || match[4] !== undefined))) {
    throw new FlagValueError(`failed to parse ${text} as a rational number`);
  }
  const fraction = match[3] ?? match[7] ?? '';
  const digits = BigInt((match[2] ?? '') + fraction || '0');
  const scale = 9 - fraction.length + Number(match[4] ?? 0);
  const numerator = digits * 10n ** BigInt(Math.max(scale, 0));
  const denominator = 10n ** BigInt(Math.max(-scale, 0)) * BigInt(match[5] ?? 1);
  if (denominator === 0n) throw new FlagValueError(`failed to parse ${text} as a rational number`);
  if (numerator % denominator !== 0n) throw new FlagValueError('value is too precise');
  return Number(numerator / denominator) * ((match[1] ?? match[6]) === '-' ? -1 : 1);
}

const NANOSECONDS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, 'µs': 1e3, 'μs': 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

/** Go's durations (`1h30m`, `1.5s`), in nanoseconds. */
export function parseDuration(text: string): number {
  const quoted = JSON.stringify(text);
  if (/^[+-]?0$/.test(text)) return 0;
  const body = text.replace(/^[+-]/, '');
  if (body === '') throw new FlagValueError(`time: invalid duration ${quoted}`);
  let total = 0;
  let rest = body;
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) throw new FlagValueError(`time: invalid duration ${quoted}`);
    rest = rest.slice(number.length);
    const unit = /^[^\d.]+/.exec(rest)?.[0];
    if (unit === undefined) throw new FlagValueError(`time: missing unit in duration ${quoted}`);
    const factor = NANOSECONDS[unit];
    if (factor === undefined) throw new FlagValueError(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    rest = rest.slice(unit.length);
    total += Math.round(Number.parseFloat(number) * factor);
  }
  return text.startsWith('-') ? -total : total;
}
