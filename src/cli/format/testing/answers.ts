import { readFileSync } from 'node:fs';

/** What an engine answers, by path: the same for docker's command line and for our formatters. */
export type Answers = Readonly<Record<string, unknown>>;

/**
 * The answers of `answers.json`. Ages must not depend on the day of the test: a `Created` below 0 there is so many
 * seconds ago.
 */
export function answersAt(unixSeconds: number): Answers {
  const text = readFileSync(new URL('answers.json', import.meta.url), 'utf8');
  return JSON.parse(text, (key, value: unknown) => (key === 'Created' && typeof value === 'number' && value < 0 ? unixSeconds + value : value)) as Answers;
}
