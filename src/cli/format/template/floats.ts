// What JavaScript gives at most; every float that people look at is written out in full by it.
const MOST_DIGITS = 100;
// Go turns to exponents from here on when no precision is asked for.
const SHORTEST_LIMIT = 6;

/** A float as Go's strconv writes it in one of the formats e, f and g; precision -1 is the shortest that reads back the same. */
export function formatFloat(value: number, format: 'e' | 'f' | 'g', precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  if (format === 'f') return sign + (precision < 0 ? plain(digitsOf(size)) : fixed(size, precision));
  if (format === 'e') return sign + scientific(digitsOf(size, precision < 0 ? undefined : precision + 1));
  return sign + general(size, precision);
}

interface Digits {
  readonly digits: string;
  /** Power of ten of the first digit. */
  readonly exponent: number;
}

function digitsOf(size: number, count?: number): Digits {
  const [mantissa = '0', exponent = '0'] = (count === undefined ? size.toExponential() : size.toExponential(MOST_DIGITS)).split('e');
  const digits = mantissa.replace('.', '');
  if (count === undefined || count > MOST_DIGITS) return { digits, exponent: Number(exponent) };
  const rounded = roundTo(digits, count);
  // 9.99 became 10.0: one digit more in front.
  return rounded.length > count
    ? { digits: rounded.slice(0, count), exponent: Number(exponent) + 1 }
    : { digits: rounded, exponent: Number(exponent) };
}

/** The first digits of a number, rounded: what lies exactly between two goes to the even one, where JavaScript goes up. */
function roundTo(digits: string, count: number): string {
  const kept = BigInt(digits.slice(0, count) || '0');
  const rest = digits.slice(count);
  const half = `5${'0'.repeat(Math.max(0, rest.length - 1))}`;
  const up = rest !== '' && (rest > half || (rest === half && kept % 2n === 1n));
  return String(up ? kept + 1n : kept).padStart(count, '0');
}

function scientific({ digits, exponent }: Digits): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return exponential(`${mantissa}e${exponent < 0 ? '' : '+'}${exponent}`);
}

/** `%g` keeps as many plain digits as it has, and turns to an exponent beyond them. */
function general(size: number, precision: number): string {
  const shortest = precision < 0;
  const count = shortest ? undefined : Math.max(1, Math.min(precision, MOST_DIGITS));
  const { digits, exponent } = digitsOf(size, count);
  const trimmed = digits.replace(/0+$/, '') || '0';
  let limit = shortest ? SHORTEST_LIMIT : count!;
  if (!shortest && limit > trimmed.length && trimmed.length > exponent) limit = Math.max(trimmed.length, exponent + 1);
  if (size !== 0 && (exponent < -4 || exponent >= limit)) {
    return scientific({ digits: trimmed, exponent });
  }
  return plain({ digits: trimmed, exponent });
}

function plain({ digits, exponent }: Digits): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits + '0'.repeat(exponent + 1 - digits.length);
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** JavaScript gives up on decimals from 1e21 on, where a float is an integer anyway. */
function fixed(size: number, precision: number): string {
  if (size >= 1e21) return BigInt(size).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
  const [whole = '0', fraction = ''] = size.toFixed(MOST_DIGITS).split('.');
  const places = Math.min(precision, MOST_DIGITS);
  const digits = roundTo(whole + fraction, whole.length + places);
  const point = digits.length - places;
  return places === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** `1e+5` with an exponent of two digits at least. */
function exponential(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}
