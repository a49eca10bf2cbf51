import { libc, errno, systemError } from './libc.ts';
import { cPath, pathText, type PathBytes } from './files.ts';
import { checked } from './syscall.ts';

/** Extended attributes of files, as bytes. */

const fsetxattr = libc.func('int fsetxattr(int fd, void *name, void *value, size_t size, int flags)') as (fd: number, name: Uint8Array, value: Uint8Array, size: number, flags: number) => number;
const lsetxattr = libc.func('int lsetxattr(void *path, void *name, void *value, size_t size, int flags)') as (path: Uint8Array, name: Uint8Array, value: Uint8Array, size: number, flags: number) => number;
const lgetxattr = libc.func('long lgetxattr(void *path, void *name, void *value, size_t size)') as (path: Uint8Array, name: Uint8Array, value: Uint8Array | null, size: number) => number;
const llistxattr = libc.func('long llistxattr(void *path, void *list, size_t size)') as (path: Uint8Array, list: Uint8Array | null, size: number) => number;

const ENODATA = 61;
const ENOTSUP = 95;
const ERANGE = 34;

/** The attribute of an open file or folder. */
export function setXattr(fd: number, name: PathBytes, value: Uint8Array): void {
  checked(fsetxattr(fd, cPath(name), value, value.length, 0), 'fsetxattr', pathText(name));
}

/** The attribute of `file` in the open folder `dir`, never of what a symbolic link names. */
export function setXattrAt(dir: number, file: PathBytes, name: PathBytes, value: Uint8Array): void {
  checked(lsetxattr(below(dir, file), cPath(name), value, value.length, 0), 'lsetxattr', `${pathText(file)}: ${pathText(name)}`);
}

/** undefined where it has no such attribute, or its file system knows none. */
export function getXattrAt(dir: number, file: PathBytes, name: PathBytes): Buffer | undefined {
  return growing('lgetxattr', pathText(file), (buffer, size) => lgetxattr(below(dir, file), cPath(name), buffer, size));
}

export function listXattrsAt(dir: number, file: PathBytes): string[] {
  const names = growing('llistxattr', pathText(file), (buffer, size) => llistxattr(below(dir, file), buffer, size));
  return names?.toString('latin1').split('\0').filter((name) => name !== '') ?? [];
}

// The part before the name is the kernel's own link to the open folder; what comes after is one name, not followed.
function below(dir: number, file: PathBytes): Uint8Array {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${dir}/`), cPath(file)]);
}

function growing(syscall: string, detail: string, call: (buffer: Uint8Array | null, size: number) => number): Buffer | undefined {
  for (let size = 256; ; size *= 4) {
    const buffer = Buffer.alloc(size);
    const length = call(buffer, size);
    if (length >= 0) return buffer.subarray(0, length);
    const number = errno();
    if (number === ENODATA || number === ENOTSUP) return undefined;
    if (number !== ERANGE || size > 1 << 20) throw systemError(syscall, detail, number);
  }
}
