import { formatFloat } from './template/floats.ts';

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'] as const;
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'] as const;

/**
 * `1.235MB`, as go-units' HumanSize.
 *
 * @param digits significant ones: 4, and 3 in the tables of images and containers
 */
export function humanSize(bytes: number, digits: number = 4): string {
  return scaled(bytes, 1000, digits, DECIMAL);
}

/** `1.952GiB`, as go-units' BytesSize. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, 4, BINARY);
}

function scaled(bytes: number, base: number, digits: number, units: readonly string[]): string {
  let value = bytes;
  let unit = 0;
  for (; value >= base && unit < units.length - 1; unit++) value /= base;
  return formatFloat(value, 'g', digits) + units[unit]!;
}

const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Bytes of `512m`, `1.5g`, `100`, where k is 1024: what memory flags take.
 *
 * @throws {Error} in go-units' words
 */
export function parseBinarySize(text: string): number {
  return parseSize(text, 1024);
}

/** Bytes of `10MB`, where k is 1000. */
export function parseDecimalSize(text: string): number {
  return parseSize(text, 1000);
}

function parseSize(text: string, base: number): number {
  const [, number, space = '', suffix = ''] = /^(.*[\d.]|.*(?= ))( ?)([^\d. ]*)$/s.exec(text) ?? [];
  if (number === undefined || (space === '' && !/[\d.]$/.test(number))) throw new Error(`invalid size: '${text}'`);
  const value = parseGoFloat(number);
  if (value < 0) throw new Error(`invalid size: '${text}'`);
  const match = /^(?:b|([kmgtp])(?:b|ib)?)?$/i.exec(suffix);
  if (match === null) throw new Error(`invalid suffix: '${suffix.toLowerCase()}'`);
  return Math.trunc(value * base ** (POWERS[match[1]?.toLowerCase() ?? ''] ?? 0));
}

function parseGoFloat(text: string): number {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) throw new Error(`strconv.ParseFloat: parsing "${text}": invalid syntax`);
  return Number(text);
}

/** `5 seconds`, `About an hour`, `2 weeks`, as go-units' HumanDuration. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(durationMs / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.trunc(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.trunc(days / 7)} weeks`;
  if (days < 730) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(durationMs / 3_600_000 / 24 / 365)} years`;
}
