import { EngineError } from '#base/errors.ts';

const LINE_LIMIT_CHARS = 64 * 1024 * 1024;

/** Splits a stream of JSON values, each ended by a newline, as pull, load and events send them. */
export async function* jsonLines<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let unfinished = '';
  for await (const piece of body) {
    const lines = (unfinished + decoder.decode(piece, { stream: true })).split('\n');
    unfinished = lines.pop() ?? '';
    if (unfinished.length > LINE_LIMIT_CHARS) throw new EngineError('internal', 'the engine sent a message that is too long');
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T;
  }
  if (unfinished.trim() !== '') yield JSON.parse(unfinished) as T;
}

/** One message of a progress stream (pull, load, import). */
export interface ProgressMessage {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  readonly progress?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number; readonly units?: string };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly aux?: unknown;
}
