/** One way in that a registry offers with a 401. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

// RFC 9110, 11: a scheme, then name=token or name="quoted", set apart by commas; several challenges may share a header.
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[\s,]*/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const MAX_HEADER = 8192;

/** Reads `WWW-Authenticate`. What does not follow the grammar ends the reading; what came before it counts. */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const text = (header ?? '').slice(0, MAX_HEADER);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(SPACE);
    const name = take(TOKEN)?.[0];
    if (name === undefined) return challenges;
    if (!take(EQUALS)) {
      challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
      continue;
    }
    const value = take(QUOTED)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? take(TOKEN)?.[0];
    if (value === undefined) return challenges;
    challenges.at(-1)?.parameters.set(name.toLowerCase(), value);
  }
}
