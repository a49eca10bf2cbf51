import { libc } from './libc.ts';
import { checked } from './syscall.ts';

const O_CLOEXEC = 0o2000000;

const pipe2 = libc.func('int pipe2(void *ends, int flags)') as (ends: Uint8Array, flags: number) => number;

/** Both ends of a new pipe, closed on exec; the caller closes them. */
export function openPipe(): { readonly readEnd: number; readonly writeEnd: number } {
  const ends = Buffer.alloc(8);
  checked(pipe2(ends, O_CLOEXEC), 'pipe2', '');
  return { readEnd: ends.readInt32LE(0), writeEnd: ends.readInt32LE(4) };
}
