import { Float } from './values.ts';

/** The value of a Go number literal: a number, a bigint where a number would lose digits, or a Float; undefined when it is none. */
export function parseNumber(literal: string): number | bigint | Float | undefined {
  if (/^_|__|_$|\b[^\dxXbBoO]_|_[^\da-fA-F]/.test(literal)) return undefined;
  const text = literal.replaceAll('_', '');
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  if (body === '' || body.endsWith('i')) return undefined;
  const integer = integerOf(body);
  if (integer !== undefined) return narrow(sign === '-' ? -integer : integer);
  const value = /^0[xX]/.test(body) ? hexFloat(body) : /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(body) ? Number(body) : undefined;
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return new Float(sign === '-' ? -value : value);
}

function integerOf(body: string): bigint | undefined {
  if (/^0[xX][\da-fA-F]+$|^0[bB][01]+$|^0[oO][0-7]+$/.test(body)) return BigInt(body.toLowerCase());
  if (/^0[0-7]+$/.test(body)) return BigInt(`0o${body.slice(1)}`);
  return /^(?:0|[1-9]\d*)$/.test(body) ? BigInt(body) : undefined;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function hexFloat(body: string): number | undefined {
  const match = /^0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)$/.exec(body);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  return Number.parseInt(`0${whole}${fraction}`, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
}
