import { PUBLISHED, PUBLISHED_ANY } from './rules.ts';

/** What stands in our table, in a form that can be compared. */
export interface RuleListing {
  /** All but handles, published ports and the administrator's chain. */
  readonly rules: string;
  /** `published-any 6.82:172.17.0.2.80`. */
  readonly ports: ReadonlySet<string>;
}

interface Listing {
  readonly nftables: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];
}

/** Reads what `nft -j -n list table` says. */
export function parseListing(json: string): RuleListing {
  const rules: unknown[] = [];
  const ports = new Set<string>();
  for (const object of (JSON.parse(json) as Listing).nftables) {
    const [[kind, { handle: _handle, elem, ...facts }] = ['', { handle: 0, elem: undefined }]] = Object.entries(object) as [string, { handle?: unknown; elem?: unknown }][];
    const name = (facts as { name?: unknown }).name;
    if (kind === 'metainfo' || (facts as { chain?: unknown }).chain === 'onggi-user') continue;
    if (kind === 'map' && (name === PUBLISHED || name === PUBLISHED_ANY)) {
      for (const pair of (elem ?? []) as [{ concat: unknown[] }, { concat: unknown[] }][]) ports.add(`${name} ${pair.map(({ concat }) => concat.join('.')).join(':')}`);
      rules.push([kind, facts]);
    } else {
      // A set's elements come in the order of its hash.
      rules.push([kind, facts, Array.isArray(elem) ? elem.map((one) => JSON.stringify(one)).sort() : elem]);
    }
  }
  return { rules: JSON.stringify(rules), ports };
}

export function sameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}
