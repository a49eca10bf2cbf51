import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where system binaries lie also when PATH does not say so, as under systemd or cron. */
const USUAL_FOLDERS: readonly string[] = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The path of a program by its name, or of one given as a path; undefined where nothing there can be run. */
export async function findExecutable(name: string, searchPath: string = process.env['PATH'] ?? ''): Promise<string | undefined> {
  if (name.includes('/')) return (await isExecutable(name)) ? name : undefined;
  for (const folder of [...searchPath.split(':').filter((entry) => entry.startsWith('/')), ...USUAL_FOLDERS]) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
