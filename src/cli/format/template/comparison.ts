import { TemplateError } from './errors.ts';
import { show } from './printing.ts';
import { compareText, kindOf, toNumber, typeOf, type JsonNumber, type Kind, type Named } from './values.ts';

/** Go's `eq`: whether the first is any of the others. */
export function equalsAny(first: unknown, others: readonly unknown[]): boolean {
  assertComparable(first);
  if (others.length === 0) throw new TemplateError('missing argument for comparison');
  return others.some((other) => equals(first, other));
}

function equals(a: unknown, b: unknown): boolean {
  assertComparable(b);
  const kind = basicKind(a);
  const other = basicKind(b);
  // nil compares with everything, and differs from all but nil.
  if (kind === 'nil' || other === 'nil') return kind === other;
  if (kind !== other) throw new TemplateError('incompatible types for comparison');
  switch (kind) {
    case 'int': return BigInt(a as number | bigint) === BigInt(b as number | bigint);
    case 'float': return toNumber(a) === toNumber(b);
    case 'string': return textOf(a) === textOf(b);
    case 'boolean':
    case 'function':
    case 'json-number':
    case 'map':
    case 'named':
    case 'nil-pointer':
    case 'slice':
    case 'struct': return a === b;
  }
}

function assertComparable(value: unknown): void {
  const kind = kindOf(value);
  if (kind === 'slice' || kind === 'map' || kind === 'function') {
    throw new TemplateError(`non-comparable type ${show(value)}: ${typeOf(value)}`);
  }
}

/**
 * Go's order of two basic values: below 0, 0 or above.
 *
 * @throws {TemplateError} when they are of different kinds or have no order
 */
export function compareAll(a: unknown, b: unknown): number {
  const kind = orderedKind(a);
  if (orderedKind(b) !== kind) throw new TemplateError('incompatible types for comparison');
  if (kind === 'string') return compareText(textOf(a), textOf(b));
  if (kind === 'float') return toNumber(a) - toNumber(b);
  const left = BigInt(a as number | bigint);
  const right = BigInt(b as number | bigint);
  return left < right ? -1 : left > right ? 1 : 0;
}

function orderedKind(value: unknown): Kind {
  const kind = basicKind(value);
  if (kind !== 'int' && kind !== 'float' && kind !== 'string') throw new TemplateError('invalid type for comparison');
  return kind;
}

function basicKind(value: unknown): Kind {
  const kind = kindOf(value);
  if (kind === 'nil-pointer') return 'nil';
  return kind === 'json-number' || kind === 'named' ? 'string' : kind;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return (value as JsonNumber | Named).text;
}
