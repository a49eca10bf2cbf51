import type { NetworkInfo } from '#protocol/networks.ts';
import { showLabels } from './labels.ts';
import { renderRows, type Listing, type ListOptions, type Row } from './listing.ts';
import { compareNatural } from './natural-order.ts';
import { shortId } from './short-text.ts';
import { showWireTime } from './times.ts';

const listing: Listing = {
  type: '*network.networkContext',
  heads: {
    ID: 'NETWORK ID', Name: 'NAME', Driver: 'DRIVER', Scope: 'SCOPE', IPv4: 'IPV4', IPv6: 'IPV6', Internal: 'INTERNAL',
    Labels: 'LABELS', CreatedAt: 'CREATED AT',
  },
};

const TABLE = 'table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}';
const RAW = 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n';

/**
 * What `network ls` prints, by name.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatNetworks(networks: readonly NetworkInfo[], options: ListOptions = {}): string {
  const sorted = networks.toSorted((a, b) => compareNatural(a.Name, b.Name));
  return renderRows(listing, sorted.map((network) => networkRow(network, options.noTrunc ?? false)), resolve(options));
}

function resolve({ format = '', quiet }: ListOptions): string {
  if (format === 'raw') return quiet === true ? 'network_id: {{.ID}}' : RAW;
  if (format !== '' && format !== 'table') return format;
  return quiet === true ? '{{.ID}}' : TABLE;
}

function networkRow(network: NetworkInfo, noTrunc: boolean): Row {
  const labels = network.Labels ?? {};
  return {
    ID: () => (noTrunc ? network.Id : shortId(network.Id)),
    Name: () => network.Name,
    Driver: () => network.Driver,
    Scope: () => network.Scope,
    IPv4: () => String(network.EnableIPv4 ?? false),
    IPv6: () => String(network.EnableIPv6),
    Internal: () => String(network.Internal),
    Labels: () => showLabels(labels),
    Label: (name) => labels[name as string] ?? '',
    CreatedAt: () => showWireTime(network.Created),
  };
}
