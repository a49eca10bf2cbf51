import { promisify } from 'node:util';
import { errno, libc, systemError } from './libc.ts';
import { assertNoNul, checked, declareSyscall, SYS } from './syscall.ts';

/** Flags of mount(2). @see https://man7.org/linux/man-pages/man2/mount.2.html */
export const MS = {
  rdonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  move: 8192,
  recursive: 16384,
  private: 0x40000,
  slave: 0x80000,
  shared: 0x100000,
  relatime: 0x200000,
} as const;

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const MOUNT_ATTR_RDONLY = 1;

const mountCall = libc.func('int mount(str source, str target, str type, ulong flags, str data)') as (
  source: string | null,
  target: string,
  type: string | null,
  flags: number,
  data: string | null,
) => number;
const umountCall = libc.func('int umount2(str target, int flags)');
const umountSync = umountCall as (target: string, flags: number) => number;
const umountOnThread = promisify(umountCall.async as (target: string, flags: number, done: (error: unknown, result: number) => void) => void);
const mountSetattr = declareSyscall<[number, string, number, Uint8Array, number]>(SYS.mountSetattr, ['int', 'str', 'uint', 'void *', 'size_t']);

export interface Mount {
  /** Device, file system's name or folder; null where the file system takes none. */
  readonly source: string | null;
  readonly target: string;
  readonly type: string | null;
  /** Of `MS`, joined by `|`. */
  readonly flags?: number;
  readonly data?: string;
}

/** mount(2) as it is. @throws the system's error with its `code` */
export function mount({ source, target, type, flags = 0, data }: Mount): void {
  assertNoNul(source, target, data);
  checked(mountCall(source, target, type, flags, data ?? null), 'mount', target);
}

export interface UnmountOptions {
  /** Out of sight at once; gone when its last user is. */
  readonly detach?: boolean;
}

/**
 * umount2(2), never through a symbolic link. It runs on a thread of its own, since the kernel may write a whole file
 * system back first. A target that is no mount point (any more) is no error.
 */
export async function unmount(target: string, options: UnmountOptions = {}): Promise<void> {
  assertNoNul(target);
  // The thread's errno is out of reach: only a failure is asked again here, where it is quick.
  if ((await umountOnThread(target, unmountFlags(options))) < 0) unmountSync(target, options);
}

/** Like `unmount`, in this moment. */
export function unmountSync(target: string, options: UnmountOptions = {}): void {
  assertNoNul(target);
  if (umountSync(target, unmountFlags(options)) === 0) return;
  const error = systemError('umount2', target);
  if (error.code !== 'EINVAL' && error.code !== 'ENOENT') throw error;
}

function unmountFlags(options: UnmountOptions): number {
  return UMOUNT_NOFOLLOW | (options.detach ? MNT_DETACH : 0);
}

export type Propagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** Sets how mounts below `target` travel to and from its copies; with `r` before it, of the whole tree. */
export function setPropagation(target: string, propagation: Propagation): void {
  const recursive = propagation.startsWith('r');
  const kind = (recursive ? propagation.slice(1) : propagation) as 'private' | 'shared' | 'slave';
  mount({ source: null, target, type: null, flags: MS[kind] | (recursive ? MS.recursive : 0) });
}

/** No mount below `target` is seen by another namespace, nor theirs here; the whole tree with `recursive`. */
export function makePrivate(target: string, options: { readonly recursive?: boolean } = {}): void {
  setPropagation(target, options.recursive ? 'rprivate' : 'private');
}

export interface BindOptions {
  /** With what is mounted below the source. */
  readonly recursive?: boolean;
  readonly readOnly?: boolean;
  readonly propagation?: Propagation;
}

/**
 * Shows `source` (a folder or a file) at `target`, which exists. Nothing stays mounted when a later step fails.
 * A recursive read-only bind is read-only all the way down where the kernel can (5.12), else at its top.
 */
export function bindMount(source: string, target: string, options: BindOptions = {}): void {
  mount({ source, target, type: null, flags: MS.bind | (options.recursive ? MS.recursive : 0) });
  try {
    if (options.readOnly) makeReadOnly(target, options.recursive ?? false);
    if (options.propagation) setPropagation(target, options.propagation);
  } catch (thrown) {
    unmountSync(target, { detach: true });
    throw thrown;
  }
}

function makeReadOnly(target: string, recursive: boolean): void {
  const attributes = new Uint8Array(new BigUint64Array([BigInt(MOUNT_ATTR_RDONLY), 0n, 0n, 0n]).buffer);
  if (mountSetattr(AT_FDCWD, target, recursive ? AT_RECURSIVE : 0, attributes, attributes.length) === 0) return;
  if (systemError('mount_setattr', target, errno()).code !== 'ENOSYS') throw systemError('mount_setattr', target);
  mount({ source: null, target, type: null, flags: MS.bind | MS.remount | MS.rdonly });
}
