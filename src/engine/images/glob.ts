import { EngineError } from '#base/errors.ts';

/**
 * A pattern of Go's `path.Match`: `*` and `?` do not cross a slash, `[a-z]` and `[^a-z]` are sets, `\` takes the next
 * character as it is.
 *
 * @throws {EngineError} `invalid`: `syntax error in pattern`
 */
export function globPattern(glob: string): RegExp {
  let pattern = '';
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at] as string;
    if (character === '*') pattern += '[^/]*';
    else if (character === '?') pattern += '[^/]';
    else if (character === '\\') pattern += escaped(glob[++at]);
    else if (character === '[') {
      const set = /^\[(\^?)((?:\\.|[^\\\]])+)\]/s.exec(glob.slice(at));
      if (!set) throw badPattern();
      at += set[0].length - 1;
      pattern += `[${set[1]}${(set[2] ?? '').replace(/\\(.)/gs, (_, next: string) => `\\u{${next.codePointAt(0)?.toString(16)}}`).replace(/[[&|~^]/g, '\\$&')}]`;
    } else pattern += escaped(character);
  }
  try {
    return new RegExp(`^(?:${pattern.replace(/(?:\[\^\/\]\*)+/g, '[^/]*')})$`, 'su');
  } catch {
    throw badPattern();
  }
}

function escaped(character: string | undefined): string {
  if (character === undefined) throw badPattern();
  return character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function badPattern(): EngineError {
  return new EngineError('invalid', 'syntax error in pattern');
}
