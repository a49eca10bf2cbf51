import { TemplateError } from './errors.ts';
import type { TemplateFunctions } from './functions.ts';
import { toJson } from './json.ts';
import { show } from './printing.ts';
import { kindOf } from './values.ts';

/** What docker's command line adds to Go's own functions. */
export const dockerFunctions: TemplateFunctions = {
  json: { parameters: ['any'], call: (value) => toJson(value) },
  split: { parameters: ['string', 'string'], call: (text, separator) => split(text as string, separator as string) },
  join: { parameters: ['any', 'string'], call: (items, separator) => join(items, separator as string) },
  title: { parameters: ['string'], call: (text) => title(text as string) },
  lower: { parameters: ['string'], call: (text) => (text as string).toLowerCase() },
  upper: { parameters: ['string'], call: (text) => (text as string).toUpperCase() },
  pad: { parameters: ['string', 'int', 'int'], call: (text, before, after) => pad(text as string, Number(before), Number(after)) },
  truncate: { parameters: ['string', 'int'], call: (text, length) => Array.from(text as string).slice(0, Math.max(0, Number(length))).join('') },
};

/** The same for a table's head: there the functions of a column leave its name alone. */
export const headerFunctions: TemplateFunctions = {
  ...dockerFunctions,
  json: { parameters: ['string'], call: (text) => text },
  split: { parameters: ['string', 'string'], call: (text) => text },
  join: { parameters: ['any', 'string'], call: (text) => text },
  title: { parameters: ['string'], call: (text) => text },
  lower: { parameters: ['string'], call: (text) => text },
  upper: { parameters: ['string'], call: (text) => text },
  truncate: { parameters: ['string', 'int'], call: (text) => text },
};

function split(text: string, separator: string): string[] {
  return separator === '' ? Array.from(text) : text.split(separator);
}

function join(items: unknown, separator: string): string {
  if (kindOf(items) === 'nil') return '';
  if (kindOf(items) !== 'slice') throw new TemplateError(`expected slice, got ${show(items)}`);
  return (items as unknown[]).map((item) => show(item)).join(separator);
}

/** Go's strings.Title: the first letter of each word, where an underscore, a digit and a letter make words. */
function title(text: string): string {
  return text.replace(/(?<![\p{L}\p{Nd}_'’])\p{L}/gu, (letter) => letter.toUpperCase());
}

function pad(text: string, before: number, after: number): string {
  if (text === '') return text;
  return ' '.repeat(Math.max(0, before)) + text + ' '.repeat(Math.max(0, after));
}
