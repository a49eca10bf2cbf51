import type { Filters } from '#engine/filters.ts';
import { invalidDangling, invalidFilter, invalidFilterValue } from './errors.ts';
import type { Network } from './networks.ts';

const KNOWN: ReadonlySet<string> = new Set(['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
/** A pattern is at most this long: names and ids are short, and a pattern can be made to run long. */
const MAX_PATTERN = 256;

/** What the filters let through. Values of one name are alternatives, names must all agree. */
export function filterNetworks(networks: readonly (Network & { readonly builtIn: boolean })[], filters: Filters): readonly Network[] {
  for (const name of filters.keys()) if (!KNOWN.has(name)) throw invalidFilter(name);
  const values = (name: string): readonly string[] => filters.get(name) ?? [];
  const types = values('type');
  const strange = types.find((type) => type !== 'custom' && type !== 'builtin');
  if (strange !== undefined) throw invalidFilterValue('type', strange);
  const dangling = danglingOf(values('dangling'));
  return networks.filter(
    (network) =>
      isOneOf(values('driver'), network.driver) &&
      isOneOf(values('scope'), network.scope) &&
      matchesOne(values('name'), network.name) &&
      matchesOne(values('id'), network.id) &&
      values('label').every((label) => hasLabel(network.labels, label)) &&
      isOneOf(types, network.builtIn ? 'builtin' : 'custom') &&
      (dangling === undefined || dangling === (!network.builtIn && Object.keys(network.containers).length === 0)),
  );
}

function danglingOf(values: readonly string[]): boolean | undefined {
  const [first, ...others] = values;
  if (first === undefined) return undefined;
  if (others.length > 0 || !['1', 'true', '0', 'false'].includes(first)) throw invalidDangling();
  return first === '1' || first === 'true';
}

function isOneOf(wanted: readonly string[], value: string): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

/** Docker's match: the same text, or a pattern that is found in it. */
function matchesOne(wanted: readonly string[], value: string): boolean {
  return wanted.length === 0 || wanted.some((pattern) => pattern === value || isFound(pattern, value));
}

function isFound(pattern: string, value: string): boolean {
  try {
    return pattern.length <= MAX_PATTERN && new RegExp(pattern).test(value);
  } catch {
    return false;
  }
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [name = '', ...rest] = wanted.split('=');
  return Object.hasOwn(labels, name) && (rest.length === 0 || labels[name] === rest.join('='));
}
