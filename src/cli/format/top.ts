import type { TopResponse } from '#protocol/containers.ts';
import { alignColumns } from './table.ts';

/** What `top` prints: ps's own columns, each at least 20 wide. */
export function formatTop({ Titles: titles, Processes: processes }: TopResponse): string {
  const lines = [titles, ...(processes ?? [])].map((cells) => `${cells.join('\t')}\n`);
  return alignColumns(lines.join(''), { minWidth: 20, padding: 3 });
}
