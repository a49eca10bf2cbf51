import { readFileSync, writeFileSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';

/** A kernel setting by its path below /proc/sys; network settings are those of this thread's network namespace. */
export function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/**
 * Sets it where it differs. @returns true when it was changed
 * @throws `ENOENT` where the kernel does not have it, `EROFS` where /proc/sys is read-only
 */
export function writeSysctl(path: string, value: string): boolean {
  if (readSysctl(path) === value) return false;
  writeFileSync(`/proc/sys/${path}`, value, { flag: 'r+' });
  return true;
}
