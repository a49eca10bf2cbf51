import { EngineError } from '#base/errors.ts';
import { findExecutable } from './executables.ts';

/** Statically linked, since they run on the image's root; all know `-- COMMAND`. `docker-init` is tini under another name. */
const CANDIDATES: readonly string[] = ['docker-init', 'tini-static', 'catatonit'];

/**
 * The program that `--init` puts in front of the command.
 *
 * @param configured `init-path` of daemon.json; empty: look on the PATH
 * @throws {EngineError} `internal` with what to install
 */
export async function findInit(configured: string, searchPath?: string): Promise<string> {
  for (const name of configured === '' ? CANDIDATES : [configured]) {
    const path = await findExecutable(name, searchPath);
    if (path !== undefined) return path;
  }
  const missing = configured === '' ? `none of ${CANDIDATES.join(', ')} is installed` : `${configured} is not there or cannot be run`;
  throw new EngineError('internal', `--init needs an init binary, but ${missing}: install the package "tini", or set "init-path" in daemon.json`);
}
