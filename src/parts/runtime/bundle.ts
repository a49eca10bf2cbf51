import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OciProcess, RuntimeSpec } from './oci-spec.ts';
import { specText } from './runtime-spec.ts';

/** Puts config.json where a runtime looks for it. Not synced: a bundle is of one start, and lies in memory. */
export async function writeBundle(directory: string, spec: RuntimeSpec): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, 'config.json'), specText(spec), { mode: 0o600 });
}

/** The file that `exec --process` takes. */
export async function writeProcess(file: string, process: OciProcess): Promise<void> {
  await writeFile(file, specText(process), { mode: 0o600 });
}

/** Not being there is no error. */
export async function removeBundle(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
