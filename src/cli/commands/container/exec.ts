import { command, CommandFailure, type Command, type CommandCall } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import { checkEnv } from '../../create/flag-checks.ts';
import { environment } from '../../create/key-values.ts';
import type { FlagTable } from '../../flags/flag.ts';
import { runSession } from '../../session/attached-session.ts';
import { followTerminalSize } from '../../session/terminal-size.ts';

export const exec: Command = command({
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  args: { min: 2 },
  interspersed: false,
  completes: 'running-container',
  flags: {
    detach: { type: 'bool', short: 'd', help: 'Run in the background' },
    'detach-keys': { type: 'string', help: 'Keys that detach from it ("ctrl-p,ctrl-q")' },
    env: { type: 'list', short: 'e', help: 'Environment variable (NAME=VALUE, or NAME to take it from here)', check: checkEnv },
    'env-file': { type: 'list', help: 'File of environment variables', completes: 'file' },
    interactive: { type: 'bool', short: 'i', help: 'Keep standard input open' },
    privileged: { type: 'bool', help: 'Give it all privileges' },
    tty: { type: 'bool', short: 't', help: 'Give it a terminal' },
    user: { type: 'string', short: 'u', help: 'User and group (NAME|UID[:GROUP|GID])' },
    workdir: { type: 'string', short: 'w', help: 'Working directory' },
  },

  async run(call) {
    const { flags, engine, console } = call;
    const [container = '', ...words] = call.args;
    const stdin = flags.interactive && !flags.detach;
    if (stdin && flags.tty && !console.stdin.isTerminal) throw new CommandFailure('the input device is not a TTY', 1);
    const detachKeys = flags['detach-keys'] || readConfig(call.configDir).detachKeys || '';
    const size = console.stdout.size();
    const consoleSize = flags.tty && !flags.detach && size !== undefined ? ([size.rows, size.columns] as const) : undefined;
    const id = await engine.execs.create(container, {
      User: flags.user,
      Privileged: flags.privileged,
      Tty: flags.tty,
      ...(consoleSize === undefined ? {} : { ConsoleSize: consoleSize }),
      AttachStdin: stdin,
      AttachStdout: !flags.detach,
      AttachStderr: !flags.detach,
      DetachKeys: detachKeys,
      Env: environment(flags['env-file'], flags.env, console.env),
      WorkingDir: flags.workdir,
      Cmd: words,
    });
    if (flags.detach) return await engine.execs.startDetached(id, { tty: flags.tty });
    return await follow(call, id, { tty: flags.tty, stdin, detachKeys, consoleSize });
  },
});

interface ExecSession {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly detachKeys: string;
  readonly consoleSize: readonly [number, number] | undefined;
}

/**
 * Resolves to the command's exit code.
 *
 * @throws {CommandFailure} where it was detached from, as Docker's client
 */
async function follow({ engine, console }: Pick<CommandCall<FlagTable>, 'engine' | 'console'>, id: string, session: ExecSession): Promise<number> {
  const stream = await engine.execs.start(id, session);
  using _size = session.tty ? followTerminalSize(console, (size) => engine.execs.resize(id, size)) : undefined;
  const outcome = await runSession(console, stream, { ...session, stdout: true, stderr: true });
  if (outcome === 'detached') throw new CommandFailure('read escape sequence', 1);
  const { ExitCode: code } = await engine.execs.inspect(id);
  return code ?? 0;
}
