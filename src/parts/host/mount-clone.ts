import { closeSync } from 'node:fs';
import { libc } from './libc.ts';
import { makePrivate } from './mounts.ts';
import { assertNoNul, checked, declareSyscall, SYS } from './syscall.ts';

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
const MOUNT_ATTR_RDONLY = 1;
const CLONE_NEWNS = 0x20000;

const openTree = declareSyscall<[number, string, number]>(SYS.openTree, ['int', 'str', 'uint']);
const moveMount = declareSyscall<[number, string, number, string, number]>(SYS.moveMount, ['int', 'str', 'int', 'str', 'uint']);
const mountSetattr = declareSyscall<[number, string, number, Uint8Array, number]>(SYS.mountSetattr, ['int', 'str', 'uint', 'void *', 'size_t']);
const unshareCall = libc.func('int unshare(int flags)') as (flags: number) => number;

/**
 * Gives this thread mounts of its own, which nobody else sees and which go with it. There is no way back: only a thread
 * that ends with its work may call it.
 */
export function unshareMounts(): void {
  checked(unshareCall(CLONE_NEWNS), 'unshare', 'mounts');
  makePrivate('/', { recursive: true });
}

/**
 * Shows a folder or file of the host at what the descriptor `target` names. Both are fixed before anything is
 * mounted, so that no path is looked up twice; what is read-only is so before it can be seen.
 */
export function bindOnto(source: string, target: number, options: { readonly recursive: boolean; readonly readOnly: boolean }): void {
  assertNoNul(source);
  const tree = checked(openTree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (options.recursive ? AT_RECURSIVE : 0)), 'open_tree', source);
  try {
    if (options.readOnly) makeReadOnly(tree, options.recursive);
    checked(moveMount(tree, '', target, '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH), 'move_mount', source);
  } finally {
    closeSync(tree);
  }
}

/** Makes the mount read-only whose root `descriptor` names. */
export function makeReadOnly(descriptor: number, recursive: boolean): void {
  const attributes = new Uint8Array(new BigUint64Array([BigInt(MOUNT_ATTR_RDONLY), 0n, 0n, 0n]).buffer);
  checked(mountSetattr(descriptor, '', AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attributes, attributes.length), 'mount_setattr', 'read-only');
}
