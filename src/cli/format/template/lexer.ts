import { quote } from './quote.ts';

export type TokenKind =
  | 'text' | 'open' | 'close' | 'space' | 'end-of-text' | 'error'
  | 'identifier' | 'keyword' | 'field' | 'variable' | 'dot' | 'nil' | 'boolean'
  | 'char' | 'number' | 'string' | 'raw-string'
  | 'pipe' | 'assign' | 'declare' | 'left-paren' | 'right-paren' | 'other';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Index in the source, in UTF-16 units. */
  readonly at: number;
  /** From 1. */
  readonly line: number;
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);
const SPACE = /[ \t\r\n]/;
const WORD = /[\p{L}\p{Nd}_]/u;
const NUMBER = /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[bB][01_]*|0[oO][0-7_]*|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y;

/** Cuts a template into tokens. A fault ends the list with an `error` token, so that earlier faults of the grammar are told first. */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run();
}

/** How a token is named in a message: `"}"`, `<end>`, `EOF`. */
export function describe(token: Token): string {
  if (token.kind === 'end-of-text') return 'EOF';
  if (token.kind === 'error') return token.text;
  if (token.kind === 'keyword' || token.kind === 'nil' || token.kind === 'dot') return `<${token.text}>`;
  const runes = Array.from(token.text);
  return runes.length > 10 ? `${quote(runes.slice(0, 10).join(''))}...` : quote(token.text);
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #parens = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    let trimNext = false;
    for (;;) {
      const open = this.#source.indexOf('{{', this.#at);
      this.#text(open < 0 ? this.#source.length : open, trimNext, open >= 0 && this.#trimsBefore(open));
      if (open < 0) {
        this.#add('end-of-text', 0);
        return this.#tokens;
      }
      const closed = this.#opensComment() ? this.#comment() : this.#action();
      if (closed === undefined) return this.#tokens;
      trimNext = closed.trims;
    }
  }

  #trimsBefore(open: number): boolean {
    return this.#source[open + 2] === '-' && SPACE.test(this.#source[open + 3] ?? '');
  }

  #text(end: number, trimStart: boolean, trimEnd: boolean): void {
    let from = this.#at;
    let to = end;
    if (trimStart) while (from < to && SPACE.test(this.#source[from]!)) from++;
    if (trimEnd) while (to > from && SPACE.test(this.#source[to - 1]!)) to--;
    this.#skip(from - this.#at);
    if (to > from) this.#add('text', to - from);
    this.#skip(end - this.#at);
  }

  #opensComment(): boolean {
    const from = this.#at + (this.#trimsBefore(this.#at) ? 4 : 2);
    return this.#source.startsWith('/*', from);
  }

  #comment(): { trims: boolean } | undefined {
    const end = this.#source.indexOf('*/', this.#at);
    if (end < 0) return this.#fail('unclosed comment');
    this.#skip(end + 2 - this.#at);
    const closing = this.#closing();
    if (closing === undefined) return this.#fail('comment ends before closing delimiter');
    this.#skip(closing.length);
    return closing;
  }

  /** What stands here if it ends an action: `}}` or ` -}}`. */
  #closing(): { trims: boolean; length: number } | undefined {
    const here = this.#source;
    if (SPACE.test(here[this.#at] ?? '') && here.startsWith('-}}', this.#at + 1)) return { trims: true, length: 4 };
    return here.startsWith('}}', this.#at) ? { trims: false, length: 2 } : undefined;
  }

  #action(): { trims: boolean } | undefined {
    const trims = this.#trimsBefore(this.#at);
    this.#add('open', 2);
    if (trims) this.#skip(2);
    this.#parens = 0;
    for (;;) {
      const closing = this.#closing();
      if (closing !== undefined) {
        if (this.#parens > 0) return this.#fail('unclosed left paren');
        if (closing.trims) this.#skip(2);
        this.#add('close', 2);
        return closing;
      }
      if (this.#at >= this.#source.length) return this.#fail('unclosed action');
      const fault = this.#inside();
      if (fault !== undefined) return this.#fail(fault);
    }
  }

  /** One token inside an action; returns what is wrong with it, if anything. */
  #inside(): string | undefined {
    const char = this.#source[this.#at]!;
    const next = this.#source[this.#at + 1] ?? '';
    if (SPACE.test(char)) return this.#spaces();
    switch (char) {
      case '=': return this.#add('assign', 1);
      case ':': return next === '=' ? this.#add('declare', 2) : 'expected :=';
      case '|': return this.#add('pipe', 1);
      case '"': return this.#quoted('"', 'string', 'unterminated quoted string');
      case "'": return this.#quoted("'", 'char', 'unterminated character constant');
      case '`': return this.#raw();
      case '$': return this.#word('variable', 1);
      case '(':
        this.#parens++;
        return this.#add('left-paren', 1);
      case ')':
        if (--this.#parens < 0) return 'unexpected right paren';
        return this.#add('right-paren', 1);
      default:
    }
    if (char === '.' && !/\d/.test(next)) return this.#word('field', 1);
    if (/[.+\-\d]/.test(char)) return this.#number();
    if (WORD.test(this.#rune())) return this.#word('identifier', 0);
    if (/[\x20-\x7e]/.test(char)) return this.#add('other', 1);
    return `unrecognized character in action: ${unicodeName(this.#rune())}`;
  }

  #spaces(): undefined {
    let length = 0;
    // The last space before a trimming close belongs to the close.
    while (SPACE.test(this.#source[this.#at + length] ?? '') && !this.#source.startsWith('-}}', this.#at + length + 1)) length++;
    this.#add('space', length);
  }

  #quoted(mark: string, kind: TokenKind, fault: string): string | undefined {
    let end = this.#at + 1;
    for (; this.#source[end] !== mark; end++) {
      if (this.#source[end] === '\\') end++;
      if (end >= this.#source.length || this.#source[end] === '\n') return fault;
    }
    return this.#add(kind, end + 1 - this.#at);
  }

  #raw(): string | undefined {
    const end = this.#source.indexOf('`', this.#at + 1);
    return end < 0 ? 'unterminated raw quoted string' : this.#add('raw-string', end + 1 - this.#at);
  }

  #number(): string | undefined {
    NUMBER.lastIndex = this.#at;
    let length = NUMBER.exec(this.#source)?.[0].length ?? 0;
    const follows = this.#rune(this.#at + length);
    if (WORD.test(follows)) {
      length += follows.length;
      return `bad number syntax: ${quote(this.#source.slice(this.#at, this.#at + length))}`;
    }
    return this.#add('number', length);
  }

  #word(kind: TokenKind, prefix: number): string | undefined {
    let end = this.#at + prefix;
    for (let rune = this.#rune(end); WORD.test(rune); rune = this.#rune(end)) end += rune.length;
    if (!this.#terminates(end)) return `bad character ${unicodeName(this.#rune(end))}`;
    const text = this.#source.slice(this.#at, end);
    return this.#add(text === '.' ? 'dot' : kind === 'identifier' ? wordKind(text) : kind, text.length);
  }

  #terminates(end: number): boolean {
    const char = this.#source[end];
    return char === undefined || /[ \t\r\n.,|:()]/.test(char) || this.#source.startsWith('}}', end);
  }

  #rune(at: number = this.#at): string {
    const code = this.#source.codePointAt(at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #add(kind: TokenKind, length: number): undefined {
    this.#tokens.push({ kind, text: this.#source.slice(this.#at, this.#at + length), at: this.#at, line: this.#line });
    this.#skip(length);
  }

  #skip(length: number): void {
    for (const end = this.#at + length; this.#at < end; this.#at++) if (this.#source[this.#at] === '\n') this.#line++;
  }

  #fail(text: string): undefined {
    this.#tokens.push({ kind: 'error', text, at: this.#at, line: this.#line });
  }
}

function wordKind(text: string): TokenKind {
  if (text === 'nil') return 'nil';
  if (text === 'true' || text === 'false') return 'boolean';
  return KEYWORDS.has(text) ? 'keyword' : 'identifier';
}

function unicodeName(rune: string): string {
  const code = rune.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${rune}'`;
}
