/** RFC 7464 begins each text with this character. */
export const RECORD_SEPARATOR = '\u001e';

/**
 * Splits a stream of JSON texts (JSON lines, or RFC 7464 sequences) into single texts, without their separators.
 *
 * @throws {RangeError} where a text is longer than `limitBytes`
 */
export async function* splitJsonLines(
  source: AsyncIterable<Uint8Array | string>,
  limitBytes: number = 16 * 1024 * 1024,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.replaceAll(RECORD_SEPARATOR, '\n').split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const text = line.trim();
      if (text !== '') yield text;
    }
    if (rest.length > limitBytes) throw new RangeError(`a line of the answer is longer than ${limitBytes} bytes`);
  }
  const last = (rest + decoder.decode()).trim();
  if (last !== '') yield last;
}
