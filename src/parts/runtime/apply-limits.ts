import { readFileSync, writeFileSync } from 'node:fs';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';
import type { LimitWrite } from './limit-writes.ts';

/** Go's words for what the kernel answers. */
const WORDS: Readonly<Record<string, string>> = {
  EINVAL: 'invalid argument', EBUSY: 'device or resource busy', ENOENT: 'no such file or directory', EACCES: 'permission denied',
  EPERM: 'operation not permitted', ERANGE: 'numerical result out of range', ENOSPC: 'no space left on device',
};

/**
 * Writes all of them, or none: what was written before one that fails gets its old value back.
 *
 * @throws {EngineError} `internal`: `failed to write "1": write /sys/fs/cgroup/…: invalid argument`
 */
export function applyLimits(writes: readonly LimitWrite[]): void {
  const done: LimitWrite[] = [];
  for (const { file, value } of writes) {
    try {
      const before = readFileSync(file, 'utf8').trim();
      writeFileSync(file, value, { flag: 'r+' });
      done.push({ file, value: before });
    } catch (thrown) {
      undo(done);
      const why = WORDS[codeOf(thrown) ?? ''] ?? messageOf(thrown);
      throw new EngineError('internal', `failed to write ${JSON.stringify(value)}: write ${file}: ${why}`, { cause: thrown });
    }
  }
}

function undo(done: readonly LimitWrite[]): void {
  for (const { file, value } of done.toReversed()) {
    try {
      writeFileSync(file, value, { flag: 'r+' });
    } catch {
      // the first failure is the one to tell
    }
  }
}
