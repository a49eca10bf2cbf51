import type { ImageHistoryEntry } from '#protocol/images.ts';
import { renderRows, type Listing, type ListOptions, type Row } from './listing.ts';
import { ellipsis, shortId } from './short-text.ts';
import { ago, showRfc3339 } from './times.ts';
import { humanSize } from './units.ts';

const listing: Listing = {
  type: '*image.historyContext',
  heads: { ID: 'IMAGE', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT', CreatedBy: 'CREATED BY', Size: 'SIZE', Comment: 'COMMENT' },
};

export interface HistoryOptions extends ListOptions {
  /** `--human=false`: dates and bytes instead of ages and rounded sizes. */
  readonly human?: boolean | undefined;
}

/**
 * What `history` prints, newest step first as the engine sends them.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatHistory(entries: readonly ImageHistoryEntry[], options: HistoryOptions = {}): string {
  const { human = true, noTrunc = false } = options;
  return renderRows(listing, entries.map((entry) => historyRow(entry, { human, noTrunc })), resolve(options));
}

function resolve({ format = '', quiet, human = true }: HistoryOptions): string {
  if (format !== '' && format !== 'table') return format;
  if (quiet === true) return '{{.ID}}';
  return `table {{.ID}}\t{{.${human ? 'CreatedSince' : 'CreatedAt'}}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`;
}

function historyRow(entry: ImageHistoryEntry, { human, noTrunc }: { human: boolean; noTrunc: boolean }): Row {
  return {
    ID: () => (noTrunc || !entry.Id.includes(':') ? entry.Id : shortId(entry.Id)),
    CreatedAt: () => showRfc3339(entry.Created),
    CreatedSince: () => (human ? ageOf(entry) : showRfc3339(entry.Created)),
    CreatedBy: () => {
      const command = entry.CreatedBy.replaceAll('\t', ' ');
      return noTrunc ? command : ellipsis(command, 45);
    },
    Size: () => (human ? humanSize(entry.Size, 3) : String(entry.Size)),
    Comment: () => entry.Comment,
  };
}

/** Steps of builders that leave dates out have none. */
function ageOf({ Created: created }: ImageHistoryEntry): string {
  return created <= 0 ? 'N/A' : ago(created);
}
