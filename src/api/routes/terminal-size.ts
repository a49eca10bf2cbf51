import { EngineError } from '#base/errors.ts';
import type { Query } from '#api/query.ts';
import type { TerminalSize } from '#engine/containers/containers.ts';

const LARGEST = 2 ** 32 - 1;

/** Reads `h` and `w`. @throws {EngineError} `invalid` with dockerd's words */
export function terminalSize(query: Query): TerminalSize {
  return { rows: cells(query.text('h'), 'height'), columns: cells(query.text('w'), 'width') };
}

function cells(text: string, which: 'height' | 'width'): number {
  if (!/^\d+$/.test(text)) throw new EngineError('invalid', `invalid resize ${which} ${JSON.stringify(text)}: invalid syntax`);
  const size = Number(text);
  if (size > LARGEST) throw new EngineError('invalid', `invalid resize ${which} ${JSON.stringify(text)}: value out of range`);
  return size;
}
