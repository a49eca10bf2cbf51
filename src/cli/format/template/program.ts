import { TemplateError } from './errors.ts';
import type { TemplateFunctions } from './functions.ts';
import { show } from './nodes.ts';
import type { Definitions } from './parser.ts';

/** A parsed template and all it is carried out with. */
export interface Program {
  /** What messages call the template; docker's is empty. */
  readonly name: string;
  readonly source: string;
  readonly definitions: Definitions;
  readonly functions: TemplateFunctions;
  /** What a map answers for a key that it lacks. */
  readonly missingKey: 'no-value' | 'error';
}

/** Where an expression stands: the template it is in and the variables it sees, outermost first. */
export interface Scope {
  readonly program: Program;
  readonly name: string;
  readonly variables: { readonly name: string; value: unknown }[];
}

/** An error at a node, in Go's words: lines from 1, columns from 0, in bytes. */
export function faultAt(scope: Scope, node: Parameters<typeof show>[0], message: string): TemplateError {
  const { name, source } = scope.program;
  const before = source.slice(0, node.at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const column = Buffer.byteLength(before.slice(lineStart));
  return new TemplateError(`template: ${name}:${line}:${column}: executing "${scope.name}" at <${show(node)}>: ${message}`);
}
