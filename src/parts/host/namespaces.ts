import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { libc } from './libc.ts';
import { mount, MS, unmountSync } from './mounts.ts';
import { assertNoNul, checked } from './syscall.ts';

const CLONE_NEWNET = 0x40000000;

const setnsCall = libc.func('int setns(int fd, int type)') as (descriptor: number, type: number) => number;
const unshareCall = libc.func('int unshare(int flags)') as (flags: number) => number;

/** Opens the network namespace bound at `path` (or `/proc/PID/ns/net`). The caller closes the descriptor. */
export function openNetNamespace(path: string): number {
  assertNoNul(path);
  return openSync(path, 'r');
}

/**
 * Runs `work` with this thread in that network namespace, then comes back. `work` must be synchronous: sockets that it
 * makes stay in the namespace, everything that is awaited would run outside or, worse, take others inside.
 *
 * @see https://man7.org/linux/man-pages/man2/setns.2.html
 */
export function inNetNamespace<T>(descriptor: number, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    checked(setnsCall(descriptor, CLONE_NEWNET), 'setns', 'net');
    try {
      return work();
    } finally {
      comeHome(home);
    }
  } finally {
    closeSync(home);
  }
}

/**
 * Makes a new network namespace that lasts until `path` is unmounted (`removeNetNamespace`), and runs `work` inside it.
 * Nothing is left when a step or `work` throws.
 *
 * @throws the system's error: `EEXIST` when `path` is there already
 */
export function makeNetNamespace<T>(path: string, work: (descriptor: number) => T): T {
  assertNoNul(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, '', { flag: 'wx', mode: 0o400 });
  const home = openSync('/proc/thread-self/ns/net', 'r');
  let made: number | undefined;
  try {
    checked(unshareCall(CLONE_NEWNET), 'unshare', 'net');
    try {
      mount({ source: '/proc/thread-self/ns/net', target: path, type: null, flags: MS.bind });
      made = openSync(path, 'r');
      return work(made);
    } finally {
      comeHome(home);
    }
  } catch (thrown) {
    removeNetNamespace(path);
    throw thrown;
  } finally {
    if (made !== undefined) closeSync(made);
    closeSync(home);
  }
}

/** Takes a named namespace's name away; it ends with its last process or socket. Not being there is no error. */
export function removeNetNamespace(path: string): void {
  unmountSync(path, { detach: true });
  rmSync(path, { force: true });
}

/** A thread that is lost in a foreign namespace would open the engine's next socket there: nothing may go on. */
function comeHome(home: number): void {
  if (setnsCall(home, CLONE_NEWNET) === 0) return;
  process.stderr.write('onggid: cannot return to the own network namespace\n');
  process.abort();
}
