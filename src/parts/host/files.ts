import { closeSync } from 'node:fs';
import { errno, libc, systemError } from './libc.ts';
import { checked, declareSyscall } from './syscall.ts';

/**
 * File operations relative to an open folder, for trees that someone else fills: a path is looked up by the kernel
 * inside that folder (openat2), never put together as text. All are synchronous; the layer worker and short requests
 * call them, a big walk belongs in a worker.
 */

/** A file name or path: text (as UTF-8), or the bytes themselves ended by a NUL. */
export type PathBytes = string | Uint8Array;

/** How openat2 may look up a path. @see https://man7.org/linux/man-pages/man2/openat2.2.html */
export const RESOLVE = { noXdev: 1, noMagicLinks: 2, noSymlinks: 4, beneath: 8, inRoot: 16 } as const;

/** Open flags that Node does not name. */
export const O = {
  rdonly: 0,
  wronly: 1,
  rdwr: 2,
  creat: 0o100,
  excl: 0o200,
  trunc: 0o1000,
  directory: 0o200000,
  nofollow: 0o400000,
  cloexec: 0o2000000,
  path: 0o10000000,
} as const;

export const FILE_TYPE = { mask: 0o170000, socket: 0o140000, symlink: 0o120000, regular: 0o100000, block: 0o060000, directory: 0o040000, character: 0o020000, fifo: 0o010000 } as const;

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const OPENAT2 = 437;
const FCHMODAT2 = 452;
const EPERM = 1;
const EEXIST = 17;
const ENOTDIR = 20;
const EISDIR = 21;
const ENOSYS = 38;
const ENOTEMPTY = 39;

const openat2Call = declareSyscall<[number, Uint8Array, Uint8Array, number]>(OPENAT2, ['int', 'void *', 'void *', 'size_t']);
const fchmodat2 = declareSyscall<[number, Uint8Array, number, number]>(FCHMODAT2, ['int', 'void *', 'uint', 'int']);
const mkdiratCall = libc.func('int mkdirat(int dir, void *name, uint mode)') as (dir: number, name: Uint8Array, mode: number) => number;
const mknodatCall = libc.func('int mknodat(int dir, void *name, uint mode, uint64_t dev)') as (dir: number, name: Uint8Array, mode: number, device: bigint) => number;
const symlinkatCall = libc.func('int symlinkat(void *target, int dir, void *name)') as (target: Uint8Array, dir: number, name: Uint8Array) => number;
const linkatCall = libc.func('int linkat(int from, void *old, int to, void *name, int flags)') as (from: number, old: Uint8Array, to: number, name: Uint8Array, flags: number) => number;
const fchownatCall = libc.func('int fchownat(int dir, void *name, uint uid, uint gid, int flags)') as (dir: number, name: Uint8Array, uid: number, gid: number, flags: number) => number;
const fchmodCall = libc.func('int fchmod(int fd, uint mode)') as (fd: number, mode: number) => number;
const fchmodatCall = libc.func('int fchmodat(int dir, void *name, uint mode, int flags)') as (dir: number, name: Uint8Array, mode: number, flags: number) => number;
const fchownCall = libc.func('int fchown(int fd, uint uid, uint gid)') as (fd: number, uid: number, gid: number) => number;
const futimensCall = libc.func('int futimens(int fd, void *times)') as (fd: number, times: Uint8Array) => number;
const utimensatCall = libc.func('int utimensat(int dir, void *name, void *times, int flags)') as (dir: number, name: Uint8Array, times: Uint8Array, flags: number) => number;
const unlinkatCall = libc.func('int unlinkat(int dir, void *name, int flags)') as (dir: number, name: Uint8Array, flags: number) => number;
const renameat2Call = libc.func('int renameat2(int from, void *old, int to, void *name, uint flags)') as (from: number, old: Uint8Array, to: number, name: Uint8Array, flags: number) => number;
const readlinkatCall = libc.func('long readlinkat(int dir, void *name, void *buffer, size_t size)') as (dir: number, name: Uint8Array, buffer: Uint8Array, size: number) => number;
const statxCall = libc.func('int statx(int dir, void *name, int flags, uint mask, void *buffer)') as (dir: number, name: Uint8Array, flags: number, mask: number, buffer: Uint8Array) => number;
const syncfsCall = libc.func('int syncfs(int fd)') as (fd: number) => number;

/** The path as C wants it. @throws EINVAL for a NUL before the end */
export function cPath(path: PathBytes): Uint8Array {
  const bytes = typeof path === 'string' ? Buffer.from(`${path}\0`) : path;
  if (bytes.indexOf(0) !== bytes.length - 1) throw systemError('path', pathText(path), 22);
  return bytes;
}

/** For messages: what is not UTF-8 shows as a replacement character. */
export function pathText(path: PathBytes): string {
  return typeof path === 'string' ? path : Buffer.from(path.buffer, path.byteOffset, Math.max(path.length - 1, 0)).toString();
}

/**
 * Opens `path` below the folder `dir` (AT_FDCWD where undefined).
 *
 * @param resolve of `RESOLVE`; `inRoot` takes the folder for `/`, `beneath` refuses to leave it (EXDEV)
 * @returns a file descriptor, closed on exec; the caller closes it
 */
export function openAt(dir: number | undefined, path: PathBytes, options: { readonly flags: number; readonly mode?: number; readonly resolve?: number }): number {
  const how = new BigUint64Array([BigInt(options.flags | O.cloexec), BigInt(options.mode ?? 0), BigInt(options.resolve ?? 0)]);
  // EAGAIN: a rename raced with `..` in the path; the kernel asks for another try.
  for (let attempt = 0; ; attempt++) {
    const fd = openat2Call(dir ?? AT_FDCWD, cPath(path), new Uint8Array(how.buffer), 24);
    if (fd >= 0) return fd;
    const error = systemError('openat2', pathText(path));
    if (error.code !== 'EAGAIN' || attempt >= 32) throw error;
  }
}

export function makeFolderAt(dir: number, name: PathBytes, mode: number): void {
  checked(mkdiratCall(dir, cPath(name), mode), 'mkdirat', pathText(name));
}

/** @param mode type and permissions together, of `FILE_TYPE` */
export function makeNodeAt(dir: number, name: PathBytes, mode: number, device: { readonly major: number; readonly minor: number }): void {
  checked(mknodatCall(dir, cPath(name), mode, deviceNumber(device)), 'mknodat', pathText(name));
}

/** glibc's `makedev`. */
function deviceNumber({ major, minor }: { readonly major: number; readonly minor: number }): bigint {
  const [high, low] = [BigInt(major >>> 0), BigInt(minor >>> 0)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

export function symlinkAt(target: PathBytes, dir: number, name: PathBytes): void {
  checked(symlinkatCall(cPath(target), dir, cPath(name)), 'symlinkat', pathText(name));
}

/** A hard link; a symbolic link is linked itself, not followed. */
export function linkAt(from: { readonly dir: number; readonly name: PathBytes }, to: { readonly dir: number; readonly name: PathBytes }): void {
  checked(linkatCall(from.dir, cPath(from.name), to.dir, cPath(to.name), 0), 'linkat', pathText(to.name));
}

/** Owner of `name` itself, also where it is a symbolic link. */
export function chownAt(dir: number, name: PathBytes, owner: { readonly uid: number; readonly gid: number }): void {
  checked(fchownatCall(dir, cPath(name), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW), 'fchownat', pathText(name));
}

export function chown(fd: number, owner: { readonly uid: number; readonly gid: number }): void {
  checked(fchownCall(fd, owner.uid, owner.gid), 'fchown', String(fd));
}

export function chmod(fd: number, mode: number): void {
  checked(fchmodCall(fd, mode), 'fchmod', String(fd));
}

/** Permissions of `name`, which is never followed where it is a symbolic link (EOPNOTSUPP then, or ELOOP). */
export function chmodAt(dir: number, name: PathBytes, mode: number): void {
  if (fchmodat2(dir, cPath(name), mode, AT_SYMLINK_NOFOLLOW) === 0) return;
  const error = systemError('fchmodat2', pathText(name));
  if (error.errno !== -ENOSYS) throw error;
  // Before Linux 6.6: through a descriptor that only names the file.
  const fd = openAt(dir, name, { flags: O.path | O.nofollow });
  try {
    if (statFd(fd).type === FILE_TYPE.symlink) throw systemError('fchmodat', pathText(name), 95);
    checked(fchmodatCall(AT_FDCWD, cPath(`/proc/self/fd/${fd}`), mode, 0), 'fchmodat', pathText(name));
  } finally {
    closeSync(fd);
  }
}

/** Seconds since 1970 (may be negative) and nanoseconds from 0 to 999,999,999. */
export interface FileTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export function setTimes(fd: number, modified: FileTime): void {
  checked(futimensCall(fd, timeBytes(modified)), 'futimens', String(fd));
}

/** Times of `name` itself, also where it is a symbolic link. */
export function setTimesAt(dir: number, name: PathBytes, modified: FileTime): void {
  checked(utimensatCall(dir, cPath(name), timeBytes(modified), AT_SYMLINK_NOFOLLOW), 'utimensat', pathText(name));
}

function timeBytes({ seconds, nanoseconds }: FileTime): Uint8Array {
  const [s, ns] = [BigInt(seconds), BigInt(nanoseconds)];
  return new Uint8Array(new BigInt64Array([s, ns, s, ns]).buffer);
}

export function unlinkAt(dir: number, name: PathBytes, options: { readonly folder?: boolean } = {}): void {
  checked(unlinkatCall(dir, cPath(name), options.folder ? AT_REMOVEDIR : 0), 'unlinkat', pathText(name));
}

/**
 * Removes a file, a symbolic link itself, or an empty folder.
 *
 * @returns false for a folder that holds something
 */
export function removeNameAt(dir: number, name: PathBytes): boolean {
  const path = cPath(name);
  if (unlinkatCall(dir, path, 0) === 0) return true;
  const asFile = errno();
  if (asFile !== EISDIR && asFile !== EPERM) throw systemError('unlinkat', pathText(name), asFile);
  if (unlinkatCall(dir, path, AT_REMOVEDIR) === 0) return true;
  const asFolder = errno();
  if (asFolder === ENOTEMPTY || asFolder === EEXIST) return false;
  throw systemError('unlinkat', pathText(name), asFolder === ENOTDIR ? asFile : asFolder);
}

/** @param noReplace fails with EEXIST instead of taking the place of what is there */
export function renameAt(
  from: { readonly dir: number; readonly name: PathBytes },
  to: { readonly dir: number; readonly name: PathBytes },
  noReplace: boolean = false,
): void {
  checked(renameat2Call(from.dir, cPath(from.name), to.dir, cPath(to.name), noReplace ? 1 : 0), 'renameat2', pathText(to.name));
}

export function readLinkAt(dir: number, name: PathBytes): Buffer {
  const buffer = Buffer.alloc(4096);
  return buffer.subarray(0, checked(readlinkatCall(dir, cPath(name), buffer, buffer.length), 'readlinkat', pathText(name)));
}

/** What lstat tells. `type` is of `FILE_TYPE`, `mode` the permissions with set-id and sticky bits. */
export interface FileFacts {
  readonly type: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly inode: bigint;
  readonly sizeBytes: number;
  /** Of 512 bytes, as the disk holds it. */
  readonly blocks: number;
  readonly modified: FileTime;
  readonly device: { readonly major: number; readonly minor: number };
  /** The file system that holds it: an inode number means something there alone. */
  readonly fileSystem: { readonly major: number; readonly minor: number };
}

/** Facts of `name` itself, not of what a symbolic link names. @throws ENOENT and the like */
export function statAt(dir: number, name: PathBytes): FileFacts {
  return statx(dir, cPath(name), AT_SYMLINK_NOFOLLOW, pathText(name));
}

export function statFd(fd: number): FileFacts {
  return statx(fd, new Uint8Array(1), AT_EMPTY_PATH, String(fd));
}

function statx(dir: number, name: Uint8Array, flags: number, detail: string): FileFacts {
  const buffer = Buffer.alloc(256);
  checked(statxCall(dir, name, flags, 0x7ff, buffer), 'statx', detail);
  const mode = buffer.readUInt16LE(28);
  return {
    type: mode & FILE_TYPE.mask,
    mode: mode & 0o7777,
    links: buffer.readUInt32LE(16),
    uid: buffer.readUInt32LE(20),
    gid: buffer.readUInt32LE(24),
    inode: buffer.readBigUInt64LE(32),
    sizeBytes: Number(buffer.readBigUInt64LE(40)),
    blocks: Number(buffer.readBigUInt64LE(48)),
    modified: { seconds: Number(buffer.readBigInt64LE(112)), nanoseconds: buffer.readUInt32LE(120) },
    device: { major: buffer.readUInt32LE(128), minor: buffer.readUInt32LE(132) },
    fileSystem: { major: buffer.readUInt32LE(136), minor: buffer.readUInt32LE(140) },
  };
}

/** Waits until all that was written to the file system of `fd` lies on the disk. It blocks its thread. */
export function syncFileSystem(fd: number): void {
  checked(syncfsCall(fd), 'syncfs', String(fd));
}
