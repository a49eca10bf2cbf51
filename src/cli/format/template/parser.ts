import { TemplateError } from './errors.ts';
import { describe, tokenize, type Token, type TokenKind } from './lexer.ts';
import type { BranchNode, ChainNode, CommandNode, Node, Operand, PipeNode } from './nodes.ts';
import { parseNumber } from './number.ts';
import { quote, unquote } from './quote.ts';

/** What a source holds: its own body under the name it was parsed with, and each `define` and `block`. */
export type Definitions = Map<string, readonly Node[]>;

/**
 * @param name what messages call the template; docker's is empty
 * @param known whether a function of that name exists
 * @throws {TemplateError} in Go's words, `template: NAME:LINE: …`
 */
export function parse(name: string, source: string, known: (name: string) => boolean): Definitions {
  return new Parser(name, source, known).run();
}

const OPERAND_STARTS: ReadonlySet<TokenKind> = new Set([
  'boolean', 'char', 'dot', 'field', 'identifier', 'number', 'nil', 'raw-string', 'string', 'variable', 'left-paren',
]);
const NOT_CALLABLE: ReadonlySet<Operand['kind']> = new Set(['boolean', 'dot', 'nil', 'number', 'string']);

function isEmpty(body: readonly Node[]): boolean {
  return body.every((node) => node.kind === 'text' && node.text.trim() === '');
}

type ListEnd = { readonly word: 'end' | 'else' };

class Parser {
  readonly #name: string;
  readonly #tokens: readonly Token[];
  readonly #known: (name: string) => boolean;
  readonly #definitions: Definitions = new Map();
  #next = 0;
  #variables: string[] = ['$'];
  #ranges = 0;
  #actionLine = 0;

  constructor(name: string, source: string, known: (name: string) => boolean) {
    this.#name = name;
    this.#tokens = tokenize(source);
    this.#known = known;
  }

  run(): Definitions {
    const body: Node[] = [];
    while (this.#peek().kind !== 'end-of-text') {
      if (this.#takeDefinition()) continue;
      const node = this.#textOrAction();
      if ('word' in node) this.#fault(`unexpected {{${node.word}}}`);
      body.push(node);
    }
    this.#define(this.#name, body);
    return this.#definitions;
  }

  #define(name: string, body: readonly Node[]): void {
    const before = this.#definitions.get(name);
    if (before === undefined || isEmpty(before)) this.#definitions.set(name, body);
    else if (!isEmpty(body)) this.#fault(`template: multiple definition of template ${quote(name)}`);
  }

  #takeDefinition(): boolean {
    if (this.#peek().kind !== 'open') return false;
    const mark = this.#next;
    this.#take();
    const token = this.#takeNonSpace();
    if (token.kind !== 'keyword' || token.text !== 'define') {
      this.#next = mark;
      return false;
    }
    const { name } = this.#templateName('define clause');
    this.#expect('close', 'define clause');
    this.#defineBody(name, 'define clause');
    return true;
  }

  #templateName(context: string): { name: string; at: number } {
    const token = this.#takeNonSpace();
    if (token.kind !== 'string' && token.kind !== 'raw-string') this.#unexpected(token, context);
    return { name: this.#text(token), at: token.at };
  }

  /** A template of its own sees none of the variables and loops around it. */
  #defineBody(name: string, context: string): void {
    const outside = { variables: this.#variables, ranges: this.#ranges };
    this.#variables = ['$'];
    this.#ranges = 0;
    const { nodes, end } = this.#list();
    if (end.word !== 'end') this.#fault(`unexpected {{${end.word}}} in ${context}`);
    this.#define(name, nodes);
    this.#variables = outside.variables;
    this.#ranges = outside.ranges;
  }

  #list(): { nodes: readonly Node[]; end: ListEnd } {
    const nodes: Node[] = [];
    while (this.#peekNonSpace().kind !== 'end-of-text') {
      const node = this.#textOrAction();
      if ('word' in node) return { nodes, end: node };
      nodes.push(node);
    }
    return this.#fault('unexpected EOF');
  }

  #textOrAction(): Node | ListEnd {
    const token = this.#takeNonSpace();
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.text };
    if (token.kind !== 'open') this.#unexpected(token, 'input');
    this.#actionLine = token.line;
    const node = this.#action();
    this.#actionLine = 0;
    return node;
  }

  #action(): Node | ListEnd {
    const token = this.#takeNonSpace();
    if (token.kind === 'keyword') {
      switch (token.text) {
        case 'if':
        case 'range':
        case 'with': return this.#branch(token.text, token);
        case 'block': return this.#block();
        case 'template': return this.#invoke();
        case 'break':
        case 'continue': return this.#leave(token.text, token);
        case 'else': return this.#otherwise();
        case 'end':
          this.#expect('close', 'end');
          return { word: 'end' };
        default:
      }
    }
    this.#next--;
    const { at } = this.#peek();
    return { kind: 'action', at, pipe: this.#pipeline('command', 'close') };
  }

  /** After `else` an `if` or `with` may stand; the branch around it reads that one itself. */
  #otherwise(): ListEnd {
    const token = this.#peekNonSpace();
    if (token.kind !== 'keyword' || (token.text !== 'if' && token.text !== 'with')) this.#expect('close', 'else');
    return { word: 'else' };
  }

  #branch(kind: BranchNode['kind'], token: Token): BranchNode {
    const visible = this.#variables.length;
    const pipe = this.#pipeline(kind, 'close');
    if (kind === 'range') this.#ranges++;
    const { nodes, end } = this.#list();
    if (kind === 'range') this.#ranges--;
    const otherwise = end.word === 'else' ? this.#otherwiseOf(kind) : undefined;
    this.#variables.length = visible;
    return { kind, at: token.at, pipe, body: nodes, otherwise };
  }

  #otherwiseOf(kind: BranchNode['kind']): readonly Node[] {
    const token = this.#peek();
    if (kind !== 'range' && token.kind === 'keyword' && token.text === kind) {
      this.#take();
      return [this.#branch(kind, token)];
    }
    const { nodes, end } = this.#list();
    if (end.word !== 'end') this.#fault(`expected end; found {{${end.word}}}`);
    return nodes;
  }

  #block(): Node {
    const { name, at } = this.#templateName('block clause');
    const pipe = this.#pipeline('block clause', 'close');
    this.#defineBody(name, 'block clause');
    return { kind: 'template', at, name, pipe };
  }

  #invoke(): Node {
    const { name, at } = this.#templateName('template clause');
    if (this.#peekNonSpace().kind === 'close') {
      this.#take();
      return { kind: 'template', at, name, pipe: undefined };
    }
    return { kind: 'template', at, name, pipe: this.#pipeline('template clause', 'close') };
  }

  #leave(kind: 'break' | 'continue', token: Token): Node {
    const closing = this.#takeNonSpace();
    if (closing.kind !== 'close') this.#unexpected(closing, `{{${kind}}}`);
    if (this.#ranges === 0) this.#fault(`{{${kind}}} outside {{range}}`);
    return { kind, at: token.at };
  }

  #pipeline(context: string, end: 'close' | 'right-paren'): PipeNode {
    const { at } = this.#peekNonSpace();
    const { variables, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#takeNonSpace();
      if (token.kind === end) break;
      if (!OPERAND_STARTS.has(token.kind)) this.#unexpected(token, context);
      this.#next--;
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#fault(`missing value for ${context}`);
    const literal = commands.findIndex(({ words }, index) => index > 0 && NOT_CALLABLE.has(words[0]!.kind));
    if (literal > 0) this.#fault(`non executable command in pipeline stage ${literal + 1}`);
    return { kind: 'pipe', at, variables, assigns, commands };
  }

  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const variables: string[] = [];
    for (;;) {
      const mark = this.#next;
      const variable = this.#peekNonSpace();
      if (variable.kind !== 'variable') {
        if (variables.length > 0 && variable.kind !== 'close' && variable.kind !== 'right-paren') {
          this.#fault('range can only initialize variables');
        }
        return { variables, assigns: false };
      }
      this.#take();
      const next = this.#peekNonSpace();
      if (next.kind === 'assign' || next.kind === 'declare') {
        this.#take();
        variables.push(variable.text);
        this.#variables.push(variable.text);
        return { variables, assigns: next.kind === 'assign' };
      }
      if (next.kind !== 'other' || next.text !== ',') {
        this.#next = mark;
        return { variables, assigns: false };
      }
      this.#take();
      variables.push(variable.text);
      this.#variables.push(variable.text);
      if (context !== 'range' || variables.length > 1) this.#fault(`too many declarations in ${context}`);
    }
  }

  #command(): CommandNode {
    const { at } = this.#peekNonSpace();
    const words: Operand[] = [];
    for (;;) {
      this.#peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) words.push(operand);
      const token = this.#take();
      if (token.kind === 'space') continue;
      if (token.kind === 'close' || token.kind === 'right-paren') this.#next--;
      else if (token.kind !== 'pipe') this.#unexpected(token, 'operand');
      break;
    }
    if (words.length === 0) this.#fault('empty command');
    return { kind: 'command', at, words };
  }

  /** A term and the fields asked of it. A chain of fields is placed at its second one, as Go places it. */
  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined || this.#peek().kind !== 'field') return term;
    const { at } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1));
    switch (term.kind) {
      case 'field': return { ...term, at, names: [...term.names, ...names] };
      case 'variable': return { ...term, at, names: [...term.names, ...names] };
      case 'boolean':
      case 'dot':
      case 'nil':
      case 'number':
      case 'string': return this.#fault(`unexpected . after term ${quote('text' in term ? term.text : this.#word(term))}`);
      case 'chain':
      case 'identifier':
      case 'pipe': return { kind: 'chain', at, of: term, names } satisfies ChainNode;
    }
  }

  #word(term: Operand): string {
    return term.kind === 'dot' ? '.' : term.kind === 'boolean' ? String(term.value) : 'nil';
  }

  #term(): Operand | undefined {
    const token = this.#takeNonSpace();
    const { at, text } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.#known(text)) this.#fault(`function ${quote(text)} not defined`);
        return { kind: 'identifier', at, name: text };
      case 'dot': return { kind: 'dot', at };
      case 'nil': return { kind: 'nil', at };
      case 'boolean': return { kind: 'boolean', at, value: text === 'true' };
      case 'variable':
        if (!this.#variables.includes(text)) this.#fault(`undefined variable ${quote(text)}`);
        return { kind: 'variable', at, name: text, names: [] };
      case 'field': return { kind: 'field', at, names: [text.slice(1)] };
      case 'char':
      case 'number': return { kind: 'number', at, text, value: this.#number(token) };
      case 'left-paren': return this.#pipeline('parenthesized pipeline', 'right-paren');
      case 'string':
      case 'raw-string': return { kind: 'string', at, text, value: this.#text(token) };
      case 'assign':
      case 'close':
      case 'declare':
      case 'end-of-text':
      case 'error':
      case 'keyword':
      case 'open':
      case 'other':
      case 'pipe':
      case 'right-paren':
      case 'space':
      case 'text':
        this.#next--;
        return undefined;
    }
  }

  #number(token: Token): unknown {
    if (token.kind === 'number') {
      return parseNumber(token.text) ?? this.#fault(`illegal number syntax: ${quote(token.text)}`);
    }
    const runes = Array.from(this.#text(token));
    if (runes.length !== 1) this.#fault(`malformed character constant: ${token.text}`);
    return runes[0]!.codePointAt(0);
  }

  #text(token: Token): string {
    return unquote(token.text) ?? this.#fault('invalid syntax');
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? this.#tokens.at(-1)!;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #peekNonSpace(): Token {
    while (this.#peek().kind === 'space') this.#next++;
    return this.#peek();
  }

  #takeNonSpace(): Token {
    this.#peekNonSpace();
    return this.#take();
  }

  #expect(kind: TokenKind, context: string): void {
    const token = this.#takeNonSpace();
    if (token.kind !== kind) this.#unexpected(token, context);
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.#fault(`unexpected ${describe(token)} in ${context}`);
    if (this.#actionLine === 0 || this.#actionLine === token.line) this.#fault(token.text);
    const started = ` started at ${this.#name}:${this.#actionLine}`;
    return this.#fault(token.text + (token.text.endsWith(' action') ? started : ` in action${started}`));
  }

  #fault(message: string): never {
    const token = this.#tokens[Math.min(this.#next, this.#tokens.length) - 1];
    throw new TemplateError(`template: ${this.#name}:${token?.line ?? 1}: ${message}`);
  }
}
