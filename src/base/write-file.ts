import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts a whole file in place: temporary name, fsync, rename, fsync of the folder. A reader sees the old file or the
 * new one, also after a power cut. The folder is made where it is missing.
 */
export async function writeFileDurably(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const temporary = `${path}.tmp-${randomBytes(6).toString('hex')}`;
  try {
    {
      await using file = await open(temporary, 'wx', mode);
      await file.writeFile(data);
      await file.datasync();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  await syncFolder(folder);
}

/** Makes a rename or unlink in this folder last through a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
