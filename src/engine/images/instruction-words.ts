import { EngineError } from '#base/errors.ts';

/** A JSON list of strings; undefined where the text is not one, which then means something else. */
export function jsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Splits at blanks; quotes hold words together and go, a backslash takes the next character as it is. */
export function words(text: string): string[] {
  return rawWords(text).map(unquoted);
}

/**
 * `NAME=value NAME2="a b"`, or in the old form `NAME the whole rest`.
 *
 * @throws {EngineError} `invalid` in Docker's words
 */
export function pairs(instruction: string, text: string): [string, string][] {
  const found = rawWords(text);
  const [first] = found;
  if (first === undefined) throw new EngineError('invalid', `${instruction} requires at least one argument`);
  if (!first.includes('=')) {
    const value = text.slice(first.length).trim();
    if (value === '') throw new EngineError('invalid', `${instruction} must have two arguments`);
    return [[unquoted(first), instruction === 'ENV' ? unquoted(value) : value]];
  }
  return found.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) {
      throw new EngineError('invalid', `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    }
    const name = unquoted(word.slice(0, equals));
    if (name === '') throw new EngineError('invalid', `${instruction} names can not be blank`);
    return [name, unquoted(word.slice(equals + 1))];
  });
}

/** Words with their quotes and backslashes. */
function rawWords(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"?|'[^']*'?|\\.|[^\s"'\\]|\\$)+/gs) ?? [];
}

function unquoted(word: string): string {
  return word.replace(/"((?:\\.|[^"\\])*)"?|'([^']*)'?|\\(.)/gs, (_, double?: string, single?: string, escaped?: string) =>
    double === undefined ? (single ?? escaped ?? '') : double.replace(/\\(["\\$])/g, '$1'),
  );
}
