/** A node that can stand as an operand of a command. */
export type Operand =
  | DotNode | NilNode | BooleanNode | NumberNode | StringNode | IdentifierNode | FieldNode | VariableNode | ChainNode | PipeNode;

interface Placed {
  /** Index in the source, in UTF-16 units: where a message points to. */
  readonly at: number;
}

export interface DotNode extends Placed { readonly kind: 'dot' }
export interface NilNode extends Placed { readonly kind: 'nil' }
export interface BooleanNode extends Placed { readonly kind: 'boolean'; readonly value: boolean }
export interface NumberNode extends Placed { readonly kind: 'number'; readonly text: string; readonly value: unknown }
export interface StringNode extends Placed { readonly kind: 'string'; readonly text: string; readonly value: string }
export interface IdentifierNode extends Placed { readonly kind: 'identifier'; readonly name: string }
/** `.A.B` */
export interface FieldNode extends Placed { readonly kind: 'field'; readonly names: readonly string[] }
/** `$x.A.B`; the name bears its `$`. */
export interface VariableNode extends Placed { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
/** `(pipeline).A` */
export interface ChainNode extends Placed { readonly kind: 'chain'; readonly of: Operand; readonly names: readonly string[] }

export interface CommandNode extends Placed { readonly kind: 'command'; readonly words: readonly Operand[] }

export interface PipeNode extends Placed {
  readonly kind: 'pipe';
  readonly variables: readonly string[];
  /** `=` rather than `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly CommandNode[];
}

export interface BranchNode extends Placed {
  readonly kind: 'if' | 'range' | 'with';
  readonly pipe: PipeNode;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[] | undefined;
}

export type Node =
  | (Placed & { readonly kind: 'text'; readonly text: string })
  | (Placed & { readonly kind: 'action'; readonly pipe: PipeNode })
  | (Placed & { readonly kind: 'break' | 'continue' })
  | (Placed & { readonly kind: 'template'; readonly name: string; readonly pipe: PipeNode | undefined })
  | BranchNode;

/** The source of a node as Go prints it back in its messages. */
export function show(node: Operand | CommandNode | Node): string {
  switch (node.kind) {
    case 'dot': return '.';
    case 'nil': return 'nil';
    case 'boolean': return String(node.value);
    case 'number':
    case 'string': return node.text;
    case 'identifier': return node.name;
    case 'field': return dotted(node.names);
    case 'variable': return node.name + dotted(node.names);
    case 'chain': return (node.of.kind === 'pipe' ? `(${show(node.of)})` : show(node.of)) + dotted(node.names);
    case 'command': return node.words.map((word) => (word.kind === 'pipe' ? `(${show(word)})` : show(word))).join(' ');
    case 'pipe': {
      const head = node.variables.length > 0 ? `${node.variables.join(', ')} ${node.assigns ? '=' : ':='} ` : '';
      return head + node.commands.map(show).join(' | ');
    }
    case 'action': return `{{${show(node.pipe)}}}`;
    case 'text': return node.text;
    case 'template': return `{{template ${JSON.stringify(node.name)}${node.pipe === undefined ? '' : ` ${show(node.pipe)}`}}}`;
    case 'break':
    case 'continue': return `{{${node.kind}}}`;
    case 'if':
    case 'range':
    case 'with': {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${node.otherwise.map(show).join('')}`;
      return `{{${node.kind} ${show(node.pipe)}}}${node.body.map(show).join('')}${otherwise}{{end}}`;
    }
    default: return node satisfies never;
  }
}

/** The word that was looked at last when a node has been evaluated: messages point there. */
export function lastWord(node: Operand): Operand {
  if (node.kind === 'pipe') return lastWord(node.commands.at(-1)!.words.at(-1)!);
  return node.kind === 'chain' ? lastWord(node.of) : node;
}

function dotted(names: readonly string[]): string {
  return names.map((name) => `.${name}`).join('');
}
