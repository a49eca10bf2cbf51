import { evaluate, variableOf } from './expressions.ts';
import { lastWord, show, type BranchNode, type Node, type Operand, type PipeNode } from './nodes.ts';
import { show as print, showTop } from './printing.ts';
import { faultAt, type Program, type Scope } from './program.ts';
import { isTrue, kindOf, sortedKeys, typeOf } from './values.ts';

// Templates that invoke one another without end must not use up the stack; Go lets them go deeper and says so.
const MAX_DEPTH = 1000;
const GO_MAX_DEPTH = 100_000;
// Bounds what one template can write, for a range over a number may be endless.
const MAX_STEPS = 50_000_000;

/**
 * Carries a parsed template out over one value.
 *
 * @throws {TemplateError} `template: NAME:LINE:COLUMN: executing "NAME" at <…>: …`
 */
export function execute(program: Program, data: unknown): string {
  return new Run(program, program.name, data, 0).whole();
}

type Flow = 'on' | 'break' | 'continue';

class Run {
  readonly #program: Program;
  readonly #scope: Scope;
  readonly #depth: number;
  #output = '';
  #steps = 0;

  constructor(program: Program, name: string, data: unknown, depth: number) {
    this.#program = program;
    this.#scope = { program, name, variables: [{ name: '$', value: data }] };
    this.#depth = depth;
  }

  whole(): string {
    const body = this.#program.definitions.get(this.#scope.name) ?? [];
    this.#list(body, this.#scope.variables[0]!.value);
    return this.#output;
  }

  #list(nodes: readonly Node[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== 'on') return flow;
    }
    return 'on';
  }

  #node(node: Node, dot: unknown): Flow {
    switch (node.kind) {
      case 'text':
        this.#output += node.text;
        return 'on';
      case 'action':
        this.#print(node.pipe, dot);
        return 'on';
      case 'template':
        this.#invoke(node.name, node, dot);
        return 'on';
      case 'break':
      case 'continue': return node.kind;
      case 'if':
      case 'with':
      case 'range': return this.#scoped(node, dot);
      default: return node satisfies never;
    }
  }

  #print(pipe: PipeNode, dot: unknown): void {
    const value = evaluate(this.#scope, pipe, dot);
    if (pipe.variables.length > 0) return;
    if (kindOf(value) === 'function') this.#fault(pipe, `can't print ${show(pipe)} of type ${typeOf(value)}`);
    this.#output += showTop(value);
  }

  #invoke(name: string, node: Node & { kind: 'template' }, dot: unknown): void {
    if (!this.#program.definitions.has(name)) this.#fault(node, `template ${JSON.stringify(name)} not defined`);
    if (this.#depth >= MAX_DEPTH) this.#fault(node, `exceeded maximum template depth (${GO_MAX_DEPTH})`);
    const data = node.pipe === undefined ? undefined : evaluate(this.#scope, node.pipe, dot);
    this.#output += new Run(this.#program, name, data, this.#depth + 1).whole();
  }

  #scoped(node: BranchNode, dot: unknown): Flow {
    const visible = this.#scope.variables.length;
    try {
      return node.kind === 'range' ? this.#range(node, dot) : this.#branch(node, dot);
    } finally {
      this.#scope.variables.length = visible;
    }
  }

  #branch(node: BranchNode, dot: unknown): Flow {
    const value = evaluate(this.#scope, node.pipe, dot);
    if (isTrue(value)) return this.#list(node.body, node.kind === 'with' ? value : dot);
    return this.#list(node.otherwise ?? [], dot);
  }

  #range(node: BranchNode, dot: unknown): Flow {
    const value = evaluate(this.#scope, { ...node.pipe, variables: [] }, dot);
    this.#checkVariables(node.pipe, value);
    const visible = this.#scope.variables.length;
    if (!node.pipe.assigns) for (const name of node.pipe.variables) this.#scope.variables.push({ name, value });
    const inside = this.#scope.variables.length;
    let any = false;
    for (const [key, item] of this.#entries(node, value)) {
      any = true;
      if (++this.#steps > MAX_STEPS) this.#fault(node, 'the template goes round too often');
      this.#bind(node.pipe, visible, key, item);
      const flow = this.#list(node.body, item);
      this.#scope.variables.length = inside;
      if (flow === 'break') break;
    }
    return any ? 'on' : this.#list(node.otherwise ?? [], dot);
  }

  #checkVariables(pipe: PipeNode, value: unknown): void {
    if (kindOf(value) === 'int' && pipe.variables.length > 1) {
      this.#fault(lastWord(pipe), `can't use ${print(value)} to iterate over more than one variable`);
    }
    if (pipe.assigns) for (const name of pipe.variables) variableOf(this.#scope, name, pipe);
  }

  #bind(pipe: PipeNode, from: number, key: unknown, item: unknown): void {
    const values = pipe.variables.length === 1 ? [item] : [key, item];
    pipe.variables.forEach((name, index) => {
      const variable = pipe.assigns ? variableOf(this.#scope, name, pipe) : this.#scope.variables[from + index]!;
      variable.value = values[index];
    });
  }

  *#entries(node: BranchNode, value: unknown): Iterable<[unknown, unknown]> {
    switch (kindOf(value)) {
      case 'nil': return;
      case 'int':
        for (let count = 0; count < Number(value); count++) yield [count, count];
        return;
      case 'slice': return yield* (value as unknown[]).entries();
      case 'map':
        for (const key of sortedKeys(value as object)) yield [key, (value as Record<string, unknown>)[key]];
        return;
      case 'boolean':
      case 'float':
      case 'function':
      case 'json-number':
      case 'named':
      case 'nil-pointer':
      case 'string':
      case 'struct': this.#fault(lastWord(node.pipe), `range can't iterate over ${print(value)}`);
    }
  }

  #fault(node: Node | Operand, message: string): never {
    throw faultAt(this.#scope, node, message);
  }
}
