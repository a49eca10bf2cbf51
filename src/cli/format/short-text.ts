/** The 12 digits by which an id is shown: `sha256:` is dropped. */
export function shortId(id: string): string {
  const at = id.indexOf(':');
  return id.slice(at + 1, at + 13);
}

/**
 * Cuts a text to a number of columns, the last of which is `…` then, as docker's Ellipsis does. Wide letters (Korean,
 * Chinese, Japanese) take two.
 */
export function ellipsis(text: string, columns: number): string {
  if (/^[\x20-\x7e]*$/.test(text)) {
    if (text.length <= columns) return text;
    return columns <= 1 ? text.slice(0, columns) : `${text.slice(0, columns - 1)}…`;
  }
  return cutWide(text, columns);
}

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return Array.from(text).reduce((sum, rune) => sum + widthOf(rune), 0);
}

function cutWide(text: string, columns: number): string {
  const runes = Array.from(text);
  if (columns <= 0) return '';
  if (columnsOf(text) <= columns) return text;
  if (columns === 1) return widthOf(runes[0]!) === 1 ? runes[0]! : '';
  let kept = '';
  let width = 0;
  for (const rune of runes) {
    width += widthOf(rune);
    if (width > columns - 1) break;
    kept += rune;
  }
  return `${kept}…`;
}

const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

function widthOf(rune: string): number {
  return WIDE.test(rune) ? 2 : 1;
}
