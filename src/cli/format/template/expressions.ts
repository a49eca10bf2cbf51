import { TemplateError } from './errors.ts';
import { takeField } from './fields.ts';
import type { Parameter, TemplateFunction } from './functions.ts';
import { lastWord, show, type ChainNode, type CommandNode, type FieldNode, type IdentifierNode, type Operand, type PipeNode, type VariableNode } from './nodes.ts';
import { faultAt, type Scope } from './program.ts';
import { isTrue, kindOf, typeOf, type Method } from './values.ts';

/** No value: the first command of a pipeline has none handed on to it. A value may well be undefined. */
const NOTHING: unique symbol = Symbol('nothing');

/** The value of a pipeline; sets the variables that it declares or assigns. */
export function evaluate(scope: Scope, pipe: PipeNode, dot: unknown): unknown {
  let value: unknown = NOTHING;
  for (const command of pipe.commands) value = evaluateCommand(scope, command, dot, value);
  for (const name of pipe.variables) {
    if (!pipe.assigns) scope.variables.push({ name, value });
    else variableOf(scope, name, pipe).value = value;
  }
  return value;
}

/** The innermost variable of that name; the parser does not look at those that are only assigned to. */
export function variableOf(scope: Scope, name: string, at: PipeNode | VariableNode): { value: unknown } {
  const variable = scope.variables.findLast((candidate) => candidate.name === name);
  if (variable === undefined) throw faultAt(scope, lastWord(at), `undefined variable: ${name}`);
  return variable;
}

function evaluateCommand(scope: Scope, command: CommandNode, dot: unknown, final: unknown): unknown {
  const first = command.words[0]!;
  const args = command.words.slice(1);
  switch (first.kind) {
    case 'field': return evaluateFields(scope, first, dot, dot, args, final);
    case 'chain': return evaluateFields(scope, first, dot, evaluateOperand(scope, first.of, dot), args, final);
    case 'variable': {
      const { value } = variableOf(scope, first.name, first);
      if (first.names.length > 0) return evaluateFields(scope, first, dot, value, args, final);
      refuseArguments(scope, first, args, final);
      return value;
    }
    case 'identifier': return callFunction(scope, first, command, dot, args, final);
    case 'nil': throw faultAt(scope, first, 'nil is not a command');
    case 'boolean':
    case 'dot':
    case 'number':
    case 'pipe':
    case 'string':
      refuseArguments(scope, first, args, final);
      return evaluateOperand(scope, first, dot);
  }
}

function refuseArguments(scope: Scope, first: Operand, args: readonly Operand[], final: unknown): void {
  if (args.length > 0 || final !== NOTHING) throw faultAt(scope, first, `can't give argument to non-function ${show(first)}`);
}

/** The value of an operand that stands as an argument. */
function evaluateOperand(scope: Scope, node: Operand, dot: unknown): unknown {
  switch (node.kind) {
    case 'dot': return dot;
    case 'nil': return undefined;
    case 'boolean':
    case 'number':
    case 'string': return node.value;
    case 'pipe': return evaluate(scope, node, dot);
    case 'field': return evaluateFields(scope, node, dot, dot, [], NOTHING);
    case 'variable': return evaluateFields(scope, node, dot, variableOf(scope, node.name, node).value, [], NOTHING);
    case 'chain': {
      if (node.of.kind === 'nil') throw faultAt(scope, node, `indirection through explicit nil in ${show(node)}`);
      return evaluateFields(scope, node, dot, evaluateOperand(scope, node.of, dot), [], NOTHING);
    }
    case 'identifier': return callFunction(scope, node, node, dot, [], NOTHING);
    default: return node satisfies never;
  }
}

/** Walks `.A.B.C`; the arguments belong to the last name. */
function evaluateFields(
  scope: Scope, node: FieldNode | VariableNode | ChainNode, dot: unknown, receiver: unknown, args: readonly Operand[], final: unknown,
): unknown {
  let value = receiver;
  node.names.forEach((name, index) => {
    const last = index === node.names.length - 1;
    const given = last ? args.map((arg) => evaluateOperand(scope, arg, dot)) : [];
    if (last && final !== NOTHING) given.push(final);
    try {
      value = takeField(value, name, given, scope.program.missingKey === 'error');
    } catch (error) {
      throw located(scope, lastWord(node), error);
    }
  });
  return value;
}

function located(scope: Scope, node: Operand | CommandNode, error: unknown, prefix: string = ''): unknown {
  // What a nested expression has already placed keeps its place.
  if (!(error instanceof TemplateError) || error.message.startsWith('template: ')) return error;
  return faultAt(scope, node, prefix + error.message);
}

function callFunction(
  scope: Scope, node: IdentifierNode, command: CommandNode | IdentifierNode, dot: unknown, args: readonly Operand[], final: unknown,
): unknown {
  const { name } = node;
  const target = scope.program.functions[name];
  if (target === undefined) throw faultAt(scope, node, `${JSON.stringify(name)} is not a defined function`);
  checkCount(scope, node, target, args.length + (final === NOTHING ? 0 : 1));
  if (name === 'and' || name === 'or') return shortCircuit(scope, name === 'or', args, dot, final);
  const values = args.map((arg, index) => evaluateArgument(scope, arg, dot, parameterAt(target, index)));
  if (final !== NOTHING) {
    const wanted = parameterAt(target, values.length);
    const fault = wrongType(wanted, final);
    if (fault !== undefined) throw faultAt(scope, command, fault);
    values.push(final);
  }
  try {
    return name === 'call' ? callValue(values, show(args[0] ?? node)) : target.call(...values);
  } catch (error) {
    throw located(scope, command, error, `error calling ${name}: `);
  }
}

/** Go's `call`: its message names what was called as it is written. */
function callValue([target, ...args]: readonly unknown[], source: string): unknown {
  if (kindOf(target) === 'nil') throw new TemplateError('call of nil');
  if (typeof target !== 'function') throw new TemplateError(`non-function ${source} of type ${typeOf(target)}`);
  return (target as Method)(...args);
}

function shortCircuit(scope: Scope, stopAt: boolean, args: readonly Operand[], dot: unknown, final: unknown): unknown {
  let value: unknown;
  for (const arg of args) {
    value = evaluateOperand(scope, arg, dot);
    if (isTrue(value) === stopAt) return value;
  }
  return final === NOTHING ? value : final;
}

function checkCount(scope: Scope, node: IdentifierNode, target: TemplateFunction, got: number): void {
  const fixed = target.parameters.length - (target.variadic === true ? 1 : 0);
  if (target.variadic === true ? got >= fixed : got === fixed) return;
  const want = target.variadic === true ? `at least ${fixed}` : String(fixed);
  throw faultAt(scope, node, `wrong number of args for ${node.name}: want ${want} got ${got}`);
}

function parameterAt(target: TemplateFunction, index: number): Parameter {
  return target.parameters[Math.min(index, target.parameters.length - 1)] ?? 'any';
}

function evaluateArgument(scope: Scope, node: Operand, dot: unknown, wanted: Parameter): unknown {
  const value = evaluateOperand(scope, node, dot);
  const literal = node.kind === 'nil' || node.kind === 'boolean' || node.kind === 'number' || node.kind === 'string';
  const fault = literal ? wrongLiteral(wanted, node) : wrongType(wanted, value);
  if (fault !== undefined) throw faultAt(scope, node, fault);
  return value;
}

function wrongLiteral(wanted: Parameter, node: Operand): string | undefined {
  if (wanted === 'any' || (node.kind === 'number' ? 'int' : node.kind) === wanted) return undefined;
  if (node.kind === 'nil') return wanted === 'texts' ? undefined : `cannot assign nil to ${wanted}`;
  if (wanted === 'texts') return `can't handle ${show(node)} for arg of type []string`;
  return `expected ${wanted === 'int' ? 'integer' : wanted}; found ${show(node)}`;
}

function wrongType(wanted: Parameter, value: unknown): string | undefined {
  const kind = kindOf(value);
  if (wanted === 'any' || kind === wanted) return undefined;
  const type = typeOf(value);
  if (wanted === 'texts') {
    const fits = kind === 'nil' || type === '[]string' || type === 'strslice.StrSlice';
    return fits ? undefined : `wrong type for value; expected []string; got ${type}`;
  }
  return kind === 'nil' ? `invalid value; expected ${wanted}` : `wrong type for value; expected ${wanted}; got ${type}`;
}
