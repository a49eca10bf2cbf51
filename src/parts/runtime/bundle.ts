import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OciProcess, RuntimeSpec } from './oci-spec.ts';
import { specText } from './runtime-spec.ts';

// Written in one moment: the exec root is in memory, where a turn of the event loop takes longer than the file.

/** Puts config.json where a runtime looks for it. Not synced: a bundle is of one start. */
export function writeBundle(directory: string, spec: RuntimeSpec): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, 'config.json'), specText(spec), { mode: 0o600 });
}

/** The file that `exec --process` takes. */
export function writeProcess(file: string, process: OciProcess): void {
  writeFileSync(file, specText(process), { mode: 0o600 });
}
