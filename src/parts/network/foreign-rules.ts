import { listChains } from '#parts/host/nft.ts';

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

export interface ForeignDrop {
  /** `ip filter FORWARD`. */
  readonly chain: string;
  /** What an administrator types. */
  readonly remedy: string;
}

/**
 * Chains of other programs that drop forwarded packets which they do not know: in nftables one `drop` is final, so our
 * rules cannot let a container through there. Only the administrator can, and should be told.
 */
export async function foreignForwardDrops(ownTable: string, bridge: string): Promise<readonly ForeignDrop[]> {
  const { nftables } = JSON.parse(await listChains()) as { readonly nftables: readonly { readonly chain?: Chain }[] };
  const chains = nftables.flatMap(({ chain }) => (chain === undefined ? [] : [chain]));
  return chains
    .filter(({ family, table, hook, policy }) => hook === 'forward' && policy === 'drop' && ['ip', 'inet'].includes(family) && table !== ownTable)
    .map((chain) => ({ chain: `${chain.family} ${chain.table} ${chain.name}`, remedy: remedyFor(chain, chains, bridge) }));
}

/** dockerd sets this policy, and has a chain for rules of others; iptables wants to be spoken to in its own language. */
function remedyFor({ family, table, name }: Chain, chains: readonly Chain[], bridge: string): string {
  const isIptables = family === 'ip' && table === 'filter' && name === 'FORWARD';
  if (!isIptables) return `nft insert rule ${family} ${table} ${name} iifname ${bridge} accept; nft insert rule ${family} ${table} ${name} oifname ${bridge} accept`;
  const chain = chains.some((other) => other.table === table && other.name === 'DOCKER-USER') ? 'DOCKER-USER' : 'FORWARD';
  return `iptables -I ${chain} -i ${bridge} -j ACCEPT; iptables -I ${chain} -o ${bridge} -j ACCEPT`;
}
