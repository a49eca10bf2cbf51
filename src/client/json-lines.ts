import { splitJsonLines } from '#protocol/json-lines.ts';

/** The values of a JSON-lines stream, as pull, load and events send them. */
export async function* jsonLines<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  for await (const text of splitJsonLines(body)) yield JSON.parse(text) as T;
}
