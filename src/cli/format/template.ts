import { dockerFunctions, headerFunctions } from './template/docker-functions.ts';
import { TemplateError } from './template/errors.ts';
import { execute } from './template/evaluator.ts';
import { builtins, type TemplateFunctions } from './template/functions.ts';
import { parse } from './template/parser.ts';

export { TemplateError };

/** A template that has been read: called with data, it writes. */
export type CompiledTemplate = (data: unknown) => string;

interface Options {
  /** What a map answers for a key that it lacks: `<no value>`, or an error that names the key. */
  readonly missingKey?: 'no-value' | 'error';
  /** What messages call the template. */
  readonly name?: string;
}

const functions: TemplateFunctions = { ...builtins, ...dockerFunctions };
const namesOfColumns: TemplateFunctions = { ...builtins, ...headerFunctions };

/**
 * Reads a Go template with docker's functions.
 *
 * @throws {TemplateError} in Go's words, here for its grammar and from the result for what it does
 */
export function compileTemplate(source: string, options: Options = {}): CompiledTemplate {
  return compile(source, functions, options);
}

/** The same for the head of a table, where functions leave a column's name as it is. */
export function compileHeader(source: string): CompiledTemplate {
  return compile(source, namesOfColumns, {});
}

function compile(source: string, available: TemplateFunctions, { missingKey = 'no-value', name = '' }: Options): CompiledTemplate {
  const definitions = parse(name, source, (word) => Object.hasOwn(available, word));
  const program = { name, source, definitions, functions: available, missingKey };
  return (data) => execute(program, data);
}
