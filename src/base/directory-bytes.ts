import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './errors.ts';

// a container may nest folders as deep as it likes
const PASSED_OVER: ReadonlySet<string> = new Set(['ENOENT', 'ENAMETOOLONG']);

/** The lengths of a tree's files together, as Docker weighs a volume: folders weigh nothing, a file with several names once. What is gone meanwhile, or too deep for a path, is passed over. */
export async function directoryBytes(root: string): Promise<number> {
  const seen = new Set<string>();
  const waiting = [root];
  let bytes = 0;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    try {
      const facts = await lstat(path);
      const key = `${facts.dev}:${facts.ino}`;
      if (facts.nlink > 1 && !facts.isDirectory()) {
        if (seen.has(key)) continue;
        seen.add(key);
      }
      if (!facts.isDirectory()) {
        bytes += facts.size;
        continue;
      }
      for await (const entry of await opendir(path)) waiting.push(join(path, entry.name));
    } catch (thrown) {
      if (!PASSED_OVER.has(codeOf(thrown) ?? '')) throw thrown;
    }
  }
  return bytes;
}
