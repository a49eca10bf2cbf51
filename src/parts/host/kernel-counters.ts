import { readFileSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';

/** A kernel file's text; undefined when it is not there, or its cgroup or process goes while it is read. */
export function kernelText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (GONE.has(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}

// EOPNOTSUPP: some files of a cgroup do not answer where their feature is off
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENODEV', 'ENOTDIR', 'ESRCH', 'EOPNOTSUPP']);

/** Lines of a name and a number (cpu.stat, memory.stat). What is no number is left out. */
export function flatKeys(text: string | undefined): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const line of (text ?? '').split('\n')) {
    const blank = line.indexOf(' ');
    const value = blank < 0 ? Number.NaN : Number(line.slice(blank + 1));
    if (!Number.isNaN(value)) found[line.slice(0, blank)] = value;
  }
  return found;
}

/** One number; `max` is Infinity, and so is what version 1 means by it (the largest multiple of a page). */
export function numberOrMax(text: string | undefined): number | undefined {
  const word = text?.trim() ?? '';
  if (word === '') return undefined;
  if (word === 'max') return Infinity;
  const value = Number(word);
  if (Number.isNaN(value)) return undefined;
  return value >= UNLIMITED ? Infinity : value;
}

const UNLIMITED = 2 ** 62;
