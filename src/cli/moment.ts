import { messageOf } from '#base/errors.ts';
import { toUnixTimestamp } from '#protocol/timestamps.ts';
import { CommandFailure } from './command.ts';

/**
 * What `--since` and `--until` say, as the API takes it; undefined where they say nothing.
 *
 * @throws {CommandFailure} with Docker's words
 */
export function moment(flag: 'since' | 'until', text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return toUnixTimestamp(text, Date.now());
  } catch (thrown) {
    throw new CommandFailure(`invalid value for "${flag}": ${messageOf(thrown)}`, 1, { cause: thrown });
  }
}
