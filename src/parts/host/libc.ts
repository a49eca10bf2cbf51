import koffi, { type LibraryHandle } from 'koffi';

/**
 * The C library, opened once per thread. Only files of `parts/host` import this; everything else calls the named
 * functions there.
 */
export const libc: LibraryHandle = koffi.load('libc.so.6');

/** `errno` of the last call of this thread; read it at once, before anything else runs. */
export function errno(): number {
  return koffi.errno();
}

const NAME_OF: ReadonlyMap<number, string> = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

/** A failed system call, shaped as Node shapes its own (`code`, `errno`, `syscall`, `path`). */
export function systemError(syscall: string, detail: string, number: number = errno()): NodeJS.ErrnoException {
  const code = NAME_OF.get(number) ?? `E${number}`;
  const error: NodeJS.ErrnoException = new Error(`${syscall} ${detail}: ${code}`);
  error.code = code;
  error.errno = -number;
  error.syscall = syscall;
  return error;
}
