import type { Flag, FlagTable } from './flag.ts';

/** Kinds whose name in `help` is not their own. */
const SHOWN: Readonly<Partial<Record<Flag['type'], string>>> = { bool: '' };

/**
 * The list of flags in a command's help, sorted, with the explanations in one column.
 *
 * @param columns width of the terminal; explanations are wrapped to it
 */
export function flagUsage(table: FlagTable, columns: number): string {
  const rows = Object.entries(table)
    .filter(([, flag]) => flag.hidden !== true && flag.aliasOf === undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => ({ left: leftColumn(name, flag), help: explanation(flag) }));
  const indent = Math.max(0, ...rows.map(({ left }) => left.length)) + 3;
  return rows.map(({ left, help }) => left.padEnd(indent) + wrapped(help, indent, columns)).join('\n');
}

/** The type's name as `help` and completion show it; empty for a switch. */
export function shownType(flag: Flag): string {
  return flag.shown ?? SHOWN[flag.type] ?? flag.type;
}

/** The default as `help` shows it; empty where there is none worth showing. */
export function shownDefault(flag: Flag): string {
  const text = flag.shownDefault ?? flag.default ?? '';
  if (text === '' || text === 'false') return '';
  return flag.type === 'string' ? ` (default ${JSON.stringify(text)})` : ` (default ${text})`;
}

function leftColumn(name: string, flag: Flag): string {
  const type = shownType(flag);
  const short = flag.short === undefined ? '      ' : `  -${flag.short}, `;
  return `${short}--${name}${type === '' ? '' : ` ${type}`}`;
}

function explanation(flag: Flag): string {
  return (flag.help ?? '') + shownDefault(flag);
}

function wrapped(text: string, indent: number, columns: number): string {
  const room = Math.max(columns - indent, 24);
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > room) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
