import type { ErrorKind } from '#base/errors.ts';
import { runtimeMessage } from './runtime-failure.ts';

/** What was to be started, as far as it appears in the words about its failure. */
export interface StartedCommand {
  readonly verb: 'run' | 'exec';
  /** The first word of the command. */
  readonly program: string;
}

/** A failed start as Docker tells it. */
export interface StartFailure {
  /** Without `Error response from daemon: `; the docker command line derives its 126 and 127 from these words. */
  readonly message: string;
  /** What `inspect` shows: 127 not there, 126 not allowed, else 128. */
  readonly exitCode: number;
  readonly kind: ErrorKind;
}

const PREFIX: Readonly<Record<StartedCommand['verb'], string>> = {
  run: 'failed to create task for container: failed to create shim task: OCI runtime create failed: ',
  exec: 'OCI runtime exec failed: ',
};
const INSIDE: Readonly<Record<StartedCommand['verb'], string>> = {
  run: 'runc create failed: unable to start container process: error during container init: ',
  exec: 'exec failed: unable to start container process: ',
};
const MOUNT_HINT = ': Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type';

/**
 * Turns what crun or runc said into dockerd 28's words for the same failure (seen on 28.5 with runc 1.3).
 *
 * @param raw the text of a `RuntimeFailure`
 */
export function renderStartFailure(raw: string, command: StartedCommand): StartFailure {
  const text = runtimeMessage(raw);
  const missing = /^onggi-shim: cannot run (.*): No such file or directory$/.exec(text)?.[1];
  if (missing !== undefined) return runtimeIsMissing(missing, command.verb);
  const folder = command.verb === 'run' ? notAFolder(text) : undefined;
  if (folder !== undefined) return { message: `Cannot mkdir: ${folder} is not a directory`, exitCode: 128, kind: 'internal' };
  if (text.startsWith('onggi-shim: ') || text === '') return failure(`${PREFIX[command.verb]}${text || 'the runtime ended without a word'}`);
  return failure(PREFIX[command.verb] + INSIDE[command.verb] + detail(text, command.program));
}

// Must not hold the words that the docker command line takes for a missing program of the container.
function runtimeIsMissing(path: string, verb: StartedCommand['verb']): StartFailure {
  const message = `${PREFIX[verb]}the runtime "${path}" is not installed: install the package crun or runc, or name another with "runtimes" in daemon.json`;
  return { message, exitCode: 128, kind: 'internal' };
}

/** The working directory that is none; dockerd would find out while it makes it, before it asks the runtime. */
function notAFolder(text: string): string | undefined {
  return (/^chdir `(.*)`: Not a directory$/s.exec(text) ?? /error during container init: mkdir (.*): not a directory$/s.exec(text))?.[1];
}

function failure(said: string): StartFailure {
  const lower = said.toLowerCase();
  if (/executable file not found|no such file or directory/.test(lower)) return { message: said, exitCode: 127, kind: 'invalid' };
  if (lower.includes('permission denied')) return { message: said, exitCode: 126, kind: 'invalid' };
  // moby daemon/start.go adds the hint to whatever is "not a directory".
  if (lower.includes('not a directory')) return { message: said + MOUNT_HINT, exitCode: 127, kind: 'invalid' };
  return { message: said, exitCode: 128, kind: 'internal' };
}

/** The part that tells of the cause; runc's is Docker's already, crun's is put into the same words. */
function detail(text: string, program: string): string {
  const ofRunc = /^(?:runc (?:run|create) failed|exec failed): (?:unable to start container process: )?(?:error during container init: )?(.*)$/s.exec(text);
  return ofRunc?.[1] ?? crunDetail(text, program);
}

function crunDetail(text: string, program: string): string {
  const quoted = JSON.stringify(program);
  const isPath = program.includes('/');
  if (/^executable file `.*` not found in \$PATH/s.test(text) || (program === '' && text.startsWith('open executable'))) {
    return isPath ? `exec: ${quoted}: stat ${program}: no such file or directory` : `exec: ${quoted}: executable file not found in $PATH`;
  }
  switch (text) {
    case 'open executable: Permission denied':
      return `exec: ${quoted}: permission denied`;
    case 'open executable: Operation not permitted': // crun's word for what is no regular file
      return `exec: ${quoted}: is a directory: permission denied`;
    case 'open executable: Not a directory':
      return `exec: ${quoted}: stat ${program}: not a directory`;
    default:
      break;
  }
  const folder = /^chdir `(.*)`: (.*)$/s.exec(text);
  if (folder) return `chdir to cwd (${JSON.stringify(folder[1])}) set in config.json failed: ${folder[2]?.toLowerCase()}`;
  return text.replace(/: ([A-Z])([a-z ]+)$/, (_all, first: string, rest: string) => `: ${first.toLowerCase()}${rest}`);
}
