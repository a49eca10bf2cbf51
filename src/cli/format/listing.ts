import { alignColumns } from './table.ts';
import { compileHeader, compileTemplate, TemplateError } from './template.ts';
import { escapeHtmlInJson, toJson } from './template/json.ts';
import { Struct, type Method } from './template/values.ts';

/** The flags that every list takes. */
export interface ListOptions {
  /** `--format`: `table`, `json`, `raw` where there is one, `table TEMPLATE`, or a template. Empty is the noun's table. */
  readonly format?: string | undefined;
  readonly quiet?: boolean | undefined;
  readonly noTrunc?: boolean | undefined;
}

/** What a template of a list may ask of one row: each name answers when it is called. */
export type Row = Readonly<Record<string, Method>>;

/** How rows of one noun are written. */
export interface Listing {
  /** Go's name for the type of a row: messages name it. */
  readonly type: string;
  /** A column's head for each field that has one. */
  readonly heads: Readonly<Record<string, string>>;
}

/**
 * Writes rows by a format that is already resolved: `table …`, `json`, or a template. Each row ends in a newline, and
 * a table has its head even when there are no rows.
 *
 * @throws {TemplateError} with docker's `template parsing error: ` in front
 */
export function renderRows(listing: Listing, rows: readonly Row[], format: string): string {
  const { source, table } = readFormat(format);
  try {
    const template = compileTemplate(source);
    const body = rows.map((row) => `${template(rowStruct(listing.type, row))}\n`).join('');
    if (!table) return body;
    const head = compileHeader(source)({ ...listing.heads, Label: headOfLabel });
    return alignColumns(`${head}\n${body}`);
  } catch (error) {
    throw parsingError(error);
  }
}

/** Docker calls every fault of a template one of parsing. What is no fault of a template stays as it is. */
export function parsingError(error: unknown): unknown {
  return error instanceof TemplateError ? new TemplateError(`template parsing error: ${error.message}`) : error;
}

/** A row as a template sees it. As JSON it is every field that needs no argument, by name. */
export function rowStruct(type: string, row: Row): Struct {
  return new Struct(type, row, () => {
    const names = Object.keys(row).filter((name) => row[name]!.length === 0);
    return escapeHtmlInJson(toJson(Object.fromEntries(names.map((name) => [name, row[name]!()]))));
  });
}

/** The template of a format: `table` taken off, `\t` and `\n` made what they stand for. */
export function readFormat(format: string): { readonly source: string; readonly table: boolean } {
  if (format === 'json') return { source: '{{json .}}', table: false };
  const table = format.startsWith('table');
  const source = (table ? format.slice('table'.length) : format).replace(/^ +| +$/g, '');
  return { source: source.replaceAll('\\t', '\t').replaceAll('\\n', '\n'), table };
}

/** The last part of the label's name, as words. */
function headOfLabel(name: unknown): string {
  return String(name).split('.').at(-1)!.replace(/[-_]/g, ' ');
}
