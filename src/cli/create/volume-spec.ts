import { resolve } from 'node:path';
import { EngineError } from '#base/errors.ts';

/** What `-v` asks for: mounts of something that has a name or a path, and volumes without a name. */
export interface VolumeRequest {
  readonly binds: readonly string[] | null;
  readonly anonymous: Record<string, Record<string, never>>;
}

/**
 * Sorts the values of `-v`; the engine reads what is between the colons. Relative sources become absolute here.
 *
 * @throws {EngineError} `invalid` with the words of Docker's client
 */
export function volumeRequest(texts: readonly string[]): VolumeRequest {
  const binds: string[] = [];
  const anonymous: Record<string, Record<string, never>> = {};
  for (const text of new Set(texts)) {
    const source = sourceOf(text);
    if (source === undefined) anonymous[text] = {};
    else binds.push(source.startsWith('.') ? resolve(source) + text.slice(source.length) : text);
  }
  return { binds: binds.length === 0 ? null : binds, anonymous };
}

/** What stands before the target; undefined where there is nothing before it. */
function sourceOf(text: string): string | undefined {
  if (text === '') throw new EngineError('invalid', 'invalid empty volume spec');
  if (text.length <= 2) return undefined;
  // Docker's client reads a single letter before a colon as a drive of Windows, here too.
  const sections = text.split(/(?<!(?:^|:)\p{Letter}):/u);
  if (sections.includes('')) throw new EngineError('invalid', `invalid spec: ${text}: empty section between colons`);
  if (sections.length > 3) throw new EngineError('invalid', `invalid spec: ${text}: too many colons`);
  return sections.length === 1 ? undefined : sections[0];
}
