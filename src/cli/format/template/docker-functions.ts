import { TemplateError } from './errors.ts';
import type { TemplateFunctions } from './functions.ts';
import { toJson } from './json.ts';
import { typed } from './typed-list.ts';

/** What docker's command line adds to Go's own functions. */
export const dockerFunctions: TemplateFunctions = {
  json: { parameters: ['any'], call: (value) => toJson(value) },
  split: { parameters: ['string', 'string'], call: (text, separator) => split(text as string, separator as string) },
  join: { parameters: ['texts', 'string'], call: (texts, separator) => ((texts as string[] | undefined) ?? []).join(separator as string) },
  title: { parameters: ['string'], call: (text) => title(text as string) },
  lower: { parameters: ['string'], call: (text) => (text as string).toLowerCase() },
  upper: { parameters: ['string'], call: (text) => (text as string).toUpperCase() },
  pad: { parameters: ['string', 'int', 'int'], call: (text, before, after) => pad(text as string, Number(before), Number(after)) },
  truncate: { parameters: ['string', 'int'], call: (text, length) => truncate(text as string, Number(length)) },
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
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  return typed(parts, { type: '[]string', isNil: false });
}

/** Go's strings.Title: the first letter of each word. */
function title(text: string): string {
  // Outside of ASCII only spaces part words.
  return text.replace(/(?<=^|[^\w\u0080-\u{10ffff}]|\p{White_Space})\p{L}/gu, (letter) => letter.toUpperCase());
}

function pad(text: string, before: number, after: number): string {
  if (text === '') return text;
  if (before < 0 || after < 0) throw new TemplateError('strings: negative Repeat count');
  return ' '.repeat(before) + text + ' '.repeat(after);
}

/** Counts bytes as docker does, but leaves no half of a letter behind. */
function truncate(text: string, length: number): string {
  if (length < 0) throw new TemplateError(`runtime error: slice bounds out of range [:${length}]`);
  const bytes = Buffer.from(text);
  return bytes.length <= length ? text : bytes.toString('utf8', 0, length).replace(/\ufffd+$/, '');
}
