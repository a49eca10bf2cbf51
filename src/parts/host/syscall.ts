import { libc, systemError } from './libc.ts';

/**
 * System calls that glibc wraps late or never, by number. From 424 on, every architecture has the same numbers.
 *
 * @see https://man7.org/linux/man-pages/man2/syscalls.2.html
 */
export const SYS = {
  pidfdSendSignal: 424,
  openTree: 428,
  moveMount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  pidfdOpen: 434,
  mountSetattr: 442,
} as const;

/** `C: int`, `L: long`, `S: const char *`, `P: pointer to bytes`; what a declared system call takes after its number. */
type Signature = readonly ('int' | 'uint' | 'long' | 'size_t' | 'str' | 'void *')[];

/** Declares one system call as a function; -1 stays -1, so that the caller may look at `errno` first. */
export function declareSyscall<Args extends readonly unknown[]>(number: number, signature: Signature): (...args: Args) => number {
  const call = libc.func('syscall', 'long', ['long', ...signature]) as (...args: unknown[]) => number;
  return (...args) => call(number, ...args);
}

/** The result, or the system's error as an exception. */
export function checked(result: number, syscall: string, detail: string): number {
  if (result < 0) throw systemError(syscall, detail);
  return result;
}

/** C ends a string at its first NUL: such a path would name another file than the one that was checked. */
export function assertNoNul(...texts: readonly (string | null | undefined)[]): void {
  for (const text of texts) {
    if (text?.includes('\0')) {
      const error: NodeJS.ErrnoException = new Error(`a NUL byte in ${JSON.stringify(text)}: EINVAL`);
      error.code = 'EINVAL';
      throw error;
    }
  }
}
