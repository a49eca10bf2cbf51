const HTML: Readonly<Record<string, string>> = { '\0': '\ufffd', '"': '&#34;', "'": '&#39;', '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\', "'": "\\'", '"': '\\"', '<': '\\u003C', '>': '\\u003E', '&': '\\u0026', '=': '\\u003D',
};
const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** As Go's `html` function: the five characters of HTML, and NUL. */
export function escapeHtml(text: string): string {
  return text.replace(/["'&<>\0]/g, (char) => HTML[char]!);
}

/** As Go's `js` function: safe within a JavaScript string. */
export function escapeJs(text: string): string {
  return text.replace(/[\s\S]/gu, (rune) => {
    const known = JS[rune];
    if (known !== undefined) return known;
    const code = rune.codePointAt(0)!;
    const readable = code < 0x80 ? code >= 0x20 && code !== 0x7f : PRINTABLE.test(rune);
    return readable ? rune : `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** As Go's `urlquery` function: a space becomes `+`. */
export function escapeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
