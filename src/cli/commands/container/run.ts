import { command, CommandFailure, errorText, type Command, type CommandCall } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import { containerFlags } from '../../create/checked-flags.ts';
import { createBody, type CreateBody } from '../../create/create-body.ts';
import { CREATION_FLAGS } from '../../create/creation-flags.ts';
import { checkPull, newContainer, proxiesFor, refuseApiSocket, usageFailure } from '../../create/new-container.ts';
import type { FlagTable } from '../../flags/flag.ts';
import { PROGRAM, seeHelp } from '../../help.ts';
import { runSession } from '../../session/attached-session.ts';
import { exitCodeOf, startFailureExit } from '../../session/exit-code.ts';
import { proxySignals } from '../../session/signal-proxy.ts';
import { followTerminalSize } from '../../session/terminal-size.ts';

type Call = CommandCall<FlagTable>;

export const run: Command = command({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  args: { min: 1 },
  interspersed: false,
  completes: 'image',
  flags: {
    ...containerFlags(),
    ...CREATION_FLAGS,
    detach: { type: 'bool', short: 'd', help: 'Run in the background and print the id' },
    'detach-keys': { type: 'string', help: 'Keys that detach from the container ("ctrl-p,ctrl-q")' },
    'sig-proxy': { type: 'bool', default: 'true', help: 'Send the signals of this command on to the container' },
  },

  async run(call) {
    const { flags, console } = call;
    checkPull(flags.pull, call);
    refuseApiSocket(flags['use-api-socket'], call);
    if (flags.detach && flags.attach.length > 0) throw new CommandFailure('conflicting options: cannot specify both --attach and --detach', 1);
    const body = bodyOf(call);
    if (!flags.detach && body.AttachStdin && body.Tty && !console.stdin.isTerminal) throw new CommandFailure('the input device is not a TTY', 1);

    const id = await newContainer(call, body, flags).catch((thrown: unknown) => {
      throw notRun(call, thrown);
    });
    using _signals = flags['sig-proxy'] ? proxySignals(console, (signal) => call.engine.containers.kill(id, signal), call.warn) : undefined;
    if (!body.AttachStdout && !body.AttachStderr) call.print(id);
    if (!body.AttachStdin && !body.AttachStdout && !body.AttachStderr) return await startAlone(call, id);
    return await startAttached(call, id, body, { removes: flags.rm, detachKeys: flags['detach-keys'] });
  },
});

function bodyOf(call: CommandCall<ReturnType<typeof containerFlags> & { detach: { type: 'bool' } }>): CreateBody {
  const { flags, given, args, console, name } = call;
  try {
    const body = createBody({ flags, given, image: args[0] ?? '', command: args.slice(1), env: console.env, proxies: proxiesFor(call, flags.env) });
    return flags.detach ? { ...body, AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false } : body;
  } catch (thrown) {
    throw usageFailure(name, errorText(thrown));
  }
}

async function startAlone(call: Pick<Call, 'engine' | 'name'>, id: string): Promise<number> {
  try {
    await call.engine.containers.start(id);
    return 0;
  } catch (thrown) {
    throw notRun(call, thrown);
  }
}

/** Attach, wait and start, in that order: nothing that the container says or does can be missed. */
async function startAttached(call: Pick<Call, 'engine' | 'console' | 'configDir' | 'name' | 'warn'>, id: string, body: CreateBody, options: { removes: boolean; detachKeys: string }): Promise<number> {
  const { engine, console } = call;
  const detachKeys = options.detachKeys || readConfig(call.configDir).detachKeys || '';
  const session = { tty: body.Tty, stdin: body.AttachStdin, stdout: body.AttachStdout, stderr: body.AttachStderr, detachKeys };
  const stream = await engine.containers.attach(id, session);
  const failed = new AbortController();
  const joined = runSession(console, stream, session, failed.signal);
  joined.catch(() => {});
  const { ended } = await engine.containers.wait(id, options.removes ? 'removed' : 'next-exit');
  try {
    await engine.containers.start(id);
  } catch (thrown) {
    failed.abort();
    // The terminal is put back before anything is said.
    await joined;
    if (options.removes) await ended.catch(() => {});
    throw notRun(call, thrown);
  }
  using _size = body.Tty ? followTerminalSize(console, (size) => engine.containers.resize(id, size)) : undefined;
  if ((await joined) === 'detached') return 0;
  if (!body.AttachStdout && !body.AttachStderr) return 0;
  return await exitCodeOf(ended, call.warn);
}

/** What stopped it before it ran, with an exit code that tells a missing program from all else. */
function notRun(call: Pick<Call, 'name'>, thrown: unknown): CommandFailure {
  return new CommandFailure(`${PROGRAM}: ${errorText(thrown)}\n\n${seeHelp(call.name)}`, startFailureExit(thrown), { cause: thrown });
}
