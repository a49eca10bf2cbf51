import type { WaitResponse } from '#protocol/containers.ts';
import { errorText } from '../command.ts';

const COULD_NOT_RUN = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** The exit code of a `run` that the engine refused; the texts come from the runtime, in any engine's words. */
export function startFailureExit(thrown: unknown): number {
  const text = errorText(thrown);
  if (/executable file not found|no such file or directory/.test(text)) return NOT_FOUND;
  if (/permission denied|is a directory/.test(text)) return NOT_EXECUTABLE;
  return COULD_NOT_RUN;
}

/** The container's own exit code, or 125 where the wait itself failed. */
export async function exitCodeOf(ended: Promise<WaitResponse>, warn: (line: string) => void): Promise<number> {
  try {
    const { StatusCode: code, Error: error } = await ended;
    if (error === undefined || error === null) return code;
    warn(`Error waiting for container: ${error.Message}`);
  } catch (thrown) {
    warn(`error waiting for container: ${errorText(thrown)}`);
  }
  return COULD_NOT_RUN;
}
