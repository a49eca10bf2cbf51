const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\',
};
const UNESCAPES: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"', "'": "'",
};
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A string as Go's `%q` writes it. */
export function quote(text: string, options: { readonly mark?: '"' | "'"; readonly ascii?: boolean } = {}): string {
  const mark = options.mark ?? '"';
  let body = '';
  for (const rune of text) body += escapeRune(rune, mark, options.ascii ?? false);
  return mark + body + mark;
}

function escapeRune(rune: string, mark: string, ascii: boolean): string {
  if (rune === mark) return `\\${rune}`;
  const known = ESCAPES[rune];
  if (known !== undefined) return known;
  const code = rune.codePointAt(0)!;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x7f || (!ascii && PRINTABLE.test(rune))) return rune;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The text of a Go string or character literal without its marks; undefined where an escape is not Go's. */
export function unquote(literal: string): string | undefined {
  const mark = literal[0];
  const body = literal.slice(1, -1);
  if (mark === '`') return body.replaceAll('\r', '');
  let valid = true;
  const text = body.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|[\s\S])/g, (_, escape: string) => {
    const value = unescape(escape, mark);
    valid &&= value !== undefined;
    return value ?? '';
  });
  return valid ? text : undefined;
}

function unescape(escape: string, mark: string | undefined): string | undefined {
  if (escape.length === 1) {
    // Each kind of literal may escape its own mark only.
    if ((escape === '"' || escape === "'") && escape !== mark) return undefined;
    return UNESCAPES[escape];
  }
  const code = /^[0-7]/.test(escape) ? Number.parseInt(escape, 8) : Number.parseInt(escape.slice(1), 16);
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? undefined : String.fromCodePoint(code);
}
