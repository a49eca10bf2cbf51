import { closeSync, readSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import type { ContainerRoot } from '#parts/host/container-root.ts';

const O_NONBLOCK = 0o4000;
const MAX_BYTES = 1024 * 1024;
const FIRST_BYTES = 4096;

/**
 * A small file of a container as text; undefined where it is not there or is no file. Looked up inside the root; a
 * fifo that a container puts in its place does not hold the engine up.
 */
export async function readInRoot(root: ContainerRoot, path: string): Promise<string | undefined> {
  let fd: number;
  try {
    fd = root.openFile(path, O_NONBLOCK);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO'].includes(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
  try {
    let buffer = Buffer.allocUnsafe(FIRST_BYTES);
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      if (count === 0 || (length += count) === MAX_BYTES) return buffer.toString('utf8', 0, length);
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(buffer.length * 8, MAX_BYTES));
    }
  } catch (thrown) {
    if (codeOf(thrown) === 'EISDIR' || codeOf(thrown) === 'EAGAIN') return undefined;
    throw thrown;
  } finally {
    closeSync(fd);
  }
}
