import { setTimeout as pause } from 'node:timers/promises';
import { libc, systemError } from './libc.ts';
import { assertNoNul, checked } from './syscall.ts';

/** glibc's structures are 80 and 336 bytes long on 64-bit machines. */
const STRUCTURE_BYTES = 512;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const SIGSET_BYTES = 128;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const O_RDWR = 2;
const WNOHANG = 1;
const LONGEST_PAUSE_MS = 1000;

const spawnCall = libc.func('posix_spawn', 'int', ['void *', 'str', 'void *', 'void *', 'str *', 'str *']) as (
  pid: Uint8Array,
  path: string,
  actions: Uint8Array,
  attributes: Uint8Array,
  args: readonly (string | null)[],
  env: readonly (string | null)[],
) => number;
const actionsInit = libc.func('int posix_spawn_file_actions_init(void *actions)') as (actions: Uint8Array) => number;
const actionsDestroy = libc.func('int posix_spawn_file_actions_destroy(void *actions)') as (actions: Uint8Array) => number;
const addOpen = libc.func('int posix_spawn_file_actions_addopen(void *actions, int fd, str path, int flags, uint mode)') as (
  actions: Uint8Array,
  descriptor: number,
  path: string,
  flags: number,
  mode: number,
) => number;
const addDup2 = libc.func('int posix_spawn_file_actions_adddup2(void *actions, int fd, int target)') as (actions: Uint8Array, descriptor: number, target: number) => number;
const addClose = libc.func('int posix_spawn_file_actions_addclose(void *actions, int fd)') as (actions: Uint8Array, descriptor: number) => number;
const addChdir = libc.func('int posix_spawn_file_actions_addchdir_np(void *actions, str path)') as (actions: Uint8Array, path: string) => number;
const attributesInit = libc.func('int posix_spawnattr_init(void *attributes)') as (attributes: Uint8Array) => number;
const setFlags = libc.func('int posix_spawnattr_setflags(void *attributes, short flags)') as (attributes: Uint8Array, flags: number) => number;
const setMask = libc.func('int posix_spawnattr_setsigmask(void *attributes, void *set)') as (attributes: Uint8Array, set: Uint8Array) => number;
const setDefault = libc.func('int posix_spawnattr_setsigdefault(void *attributes, void *set)') as (attributes: Uint8Array, set: Uint8Array) => number;
const socketpairCall = libc.func('int socketpair(int domain, int type, int protocol, void *pair)') as (domain: number, type: number, protocol: number, pair: Uint8Array) => number;
const waitpidCall = libc.func('int waitpid(int pid, void *status, int options)') as (pid: number, status: null, options: number) => number;

export interface Spawn {
  readonly path: string;
  /** Without the program's own name. */
  readonly args: readonly string[];
  /** What the program finds as its descriptors 3, 4, and so on. They stay the caller's to close. */
  readonly descriptors: readonly number[];
}

/**
 * Starts a program that is to live apart from this one: in a session of its own, at `/`, with nothing open but /dev/null
 * (0 to 2) and what it is given. Unlike Node's `spawn` it does not copy this process's page tables, which takes 2 to 4 ms
 * of a process of this size: the new one shares the memory until it has its program (vfork).
 *
 * @returns the pid, which the caller hands to `reap` when the program ends
 * @throws the system's error, `ENOENT` and `EACCES` of the program among them
 * @see https://man7.org/linux/man-pages/man3/posix_spawn.3.html
 */
export function spawnApart({ path, args, descriptors }: Spawn): number {
  assertNoNul(path, ...args);
  const pid = new Int32Array(1);
  const actions = fileActions(descriptors);
  try {
    const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
    const failure = spawnCall(new Uint8Array(pid.buffer), path, actions, attributes(), [path, ...args, null], [...env, null]);
    if (failure !== 0) throw systemError('spawn', path, failure);
    return pid[0] ?? -1;
  } finally {
    actionsDestroy(actions);
  }
}

function fileActions(descriptors: readonly number[]): Uint8Array {
  const actions = new Uint8Array(STRUCTURE_BYTES);
  actionsInit(actions);
  const added: number[] = [addChdir(actions, '/')];
  // Above all that is given and all that is wanted, so that none is overwritten before it has found its place.
  const above = Math.max(3 + descriptors.length, ...descriptors.map((descriptor) => descriptor + 1));
  descriptors.forEach((descriptor, index) => added.push(addDup2(actions, descriptor, above + index)));
  descriptors.forEach((_, index) => added.push(addDup2(actions, above + index, 3 + index), addClose(actions, above + index)));
  for (const standard of [0, 1, 2]) added.push(addOpen(actions, standard, '/dev/null', O_RDWR, 0));
  const failure = added.find((result) => result !== 0);
  if (failure === undefined) return actions;
  actionsDestroy(actions);
  throw systemError('spawn', 'descriptors', failure);
}

/** A session of its own, and every signal as a new program expects it. */
function attributes(): Uint8Array {
  const bytes = new Uint8Array(STRUCTURE_BYTES);
  attributesInit(bytes);
  setFlags(bytes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  setMask(bytes, new Uint8Array(SIGSET_BYTES));
  setDefault(bytes, new Uint8Array(SIGSET_BYTES).fill(0xff));
  return bytes;
}

/** Two connected sockets, closed on exec; both are the caller's to close. */
export function socketPair(): readonly [number, number] {
  const pair = new Int32Array(2);
  checked(socketpairCall(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, new Uint8Array(pair.buffer)), 'socketpair', 'unix');
  return [pair[0] ?? -1, pair[1] ?? -1];
}

/** Takes note of the end of a program that is just ending, so that no zombie stays. Never throws; keeps no process alive. */
export async function reap(pid: number): Promise<void> {
  for (let waitMs = 1; waitpidCall(pid, null, WNOHANG) === 0; waitMs = Math.min(2 * waitMs, LONGEST_PAUSE_MS)) {
    await pause(waitMs, undefined, { ref: false });
  }
}
