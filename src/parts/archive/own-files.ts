import { FILE_TYPE, type FileFacts } from '#parts/host/files.ts';

/** Made for every container as places to mount at; Docker keeps them in a layer that nobody sees. */
const FOLDERS: ReadonlySet<string> = new Set(['dev', 'dev/pts', 'dev/shm', 'dev/mqueue', 'proc', 'sys', 'etc']);
const FILES: ReadonlySet<string> = new Set(['dev/console', 'etc/resolv.conf', 'etc/hostname', 'etc/hosts', '.dockerenv']);

/** Whether a new file or folder is the engine's doing, not the container's. `path` from the root, without a slash before it. */
export function isEnginesOwn(path: string, { type, sizeBytes }: Pick<FileFacts, 'type' | 'sizeBytes'>): boolean {
  if (type === FILE_TYPE.directory) return FOLDERS.has(path);
  return type === FILE_TYPE.regular && sizeBytes === 0 && FILES.has(path);
}
