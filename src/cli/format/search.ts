import { renderRows, type Listing, type ListOptions, type Row } from './listing.ts';
import { ellipsis } from './short-text.ts';

/** One hit of `GET /images/search`. */
export interface SearchResult {
  readonly name: string;
  readonly description: string;
  readonly star_count: number;
  readonly is_official: boolean;
  readonly is_automated?: boolean;
}

const listing: Listing = {
  type: '*registry.searchContext',
  heads: { Name: 'NAME', Description: 'DESCRIPTION', StarCount: 'STARS', IsOfficial: 'OFFICIAL' },
};

const TABLE = 'table {{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}';

/**
 * What `search` prints.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatSearch(results: readonly SearchResult[], options: Omit<ListOptions, 'quiet'> = {}): string {
  const { format = '', noTrunc = false } = options;
  // JSON tells official images by a truth value, tables by a mark.
  const json = format === 'json' || format === '{{json .}}';
  const rows = results.map((result) => searchRow(result, noTrunc, json));
  return renderRows(listing, rows, format === '' || format === 'table' ? TABLE : format);
}

function searchRow(result: SearchResult, noTrunc: boolean, json: boolean): Row {
  const description = result.description.replace(/[\r\n]/g, ' ');
  return {
    Name: () => result.name,
    Description: () => (noTrunc ? description : ellipsis(description, 45)),
    StarCount: () => String(result.star_count),
    IsOfficial: () => (json ? String(result.is_official) : result.is_official ? '[OK]' : ''),
  };
}
