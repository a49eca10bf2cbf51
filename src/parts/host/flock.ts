import { constants, openSync, closeSync } from 'node:fs';
import { errno, libc, systemError } from './libc.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;
const EWOULDBLOCK = 11;

const flock = libc.func('int flock(int fd, int operation)');

/**
 * Takes the exclusive lock of a file, which is made where it is missing. The kernel gives it back when this process
 * ends, however it ends. undefined where another process holds it.
 *
 * @see flock(2)
 */
export function tryLock(path: string): Disposable | undefined {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600); // Node opens with O_CLOEXEC: no child keeps the lock
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return { [Symbol.dispose]: () => closeSync(fd) };
  const number = errno();
  closeSync(fd);
  if (number === EWOULDBLOCK) return undefined;
  throw systemError('flock', path, number);
}
