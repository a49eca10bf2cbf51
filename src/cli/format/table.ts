import { columnsOf } from './short-text.ts';

export interface Layout {
  /** Of every column but the last. */
  readonly minWidth: number;
  /** Spaces after the widest cell. */
  readonly padding: number;
}

/** What docker's lists use. */
export const listLayout: Layout = { minWidth: 10, padding: 3 };

/**
 * Turns tabs into aligned columns as Go's tabwriter does: a column's width is that of the run of lines, one below the
 * other, that have a cell in it; the last cell of a line belongs to no column. Wide letters take
 * two places, as in docker's own version of it.
 */
export function alignColumns(text: string, { minWidth, padding }: Layout = listLayout): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths = lines.map((): number[] => []);
  for (let first = 0; first < lines.length; first++) {
    for (let column = widths[first]!.length; column < lines[first]!.length - 1; column++) {
      const end = endOfRun(lines, first, column);
      let width = minWidth;
      for (let row = first; row < end; row++) width = Math.max(width, columnsOf(lines[row]![column]!) + padding);
      for (let row = first; row < end; row++) widths[row]![column] = width;
    }
  }
  return lines.map((cells, row) => cells.map((cell, column) => padTo(cell, widths[row]![column] ?? 0)).join('')).join('\n');
}

function endOfRun(lines: readonly (readonly string[])[], first: number, column: number): number {
  let end = first + 1;
  while (end < lines.length && lines[end]!.length - 1 > column) end++;
  return end;
}

function padTo(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - columnsOf(cell)));
}

