import { listChains } from '#parts/host/nft.ts';

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

/**
 * Chains of other programs that drop forwarded packets which they do not know: in nftables one `drop` is final, so our
 * rules cannot let a container through there. Only the administrator can, and should be told.
 */
export async function foreignForwardDrops(ownTable: string): Promise<readonly string[]> {
  const { nftables } = JSON.parse(await listChains()) as { readonly nftables: readonly { readonly chain?: Chain }[] };
  return nftables
    .flatMap(({ chain }) => (chain === undefined ? [] : [chain]))
    .filter(({ family, table, hook, policy }) => hook === 'forward' && policy === 'drop' && ['ip', 'inet'].includes(family) && table !== ownTable)
    .map(({ family, table, name }) => `${family} ${table} ${name}`);
}
