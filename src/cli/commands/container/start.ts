import { command, CommandFailure, errorText, type Command, type CommandCall } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import type { FlagTable } from '../../flags/flag.ts';
import { runSession } from '../../session/attached-session.ts';
import { exitCodeOf } from '../../session/exit-code.ts';
import { proxySignals } from '../../session/signal-proxy.ts';
import { followTerminalSize } from '../../session/terminal-size.ts';

type Call = CommandCall<FlagTable>;

export const start: Command = command({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'container',
  flags: {
    attach: { type: 'bool', short: 'a', help: 'Show its output and send signals on to it' },
    checkpoint: { type: 'string', help: 'Refused: there are no checkpoints' },
    'checkpoint-dir': { type: 'string', help: 'Refused: there are no checkpoints' },
    'detach-keys': { type: 'string', help: 'Keys that detach from the container ("ctrl-p,ctrl-q")' },
    interactive: { type: 'bool', short: 'i', help: 'Give it this standard input' },
  },

  async run(call) {
    const { flags, args } = call;
    if (flags.checkpoint !== '' || flags['checkpoint-dir'] !== '') throw new CommandFailure('checkpoints are not supported', 1);
    if (!flags.attach && !flags.interactive) return await startAll(call, args);
    if (args.length > 1) throw new CommandFailure('you cannot start and attach multiple containers at once', 1);
    return await startAttached(call, args[0] ?? '', { interactive: flags.interactive, detachKeys: flags['detach-keys'] });
  },
});

/** One after the other, in the order of the command line: the second may need the first. */
async function startAll(call: Pick<Call, 'engine' | 'print' | 'warn'>, names: readonly string[]): Promise<number> {
  const failed: string[] = [];
  for (const name of names) {
    try {
      await call.engine.containers.start(name);
      call.print(name);
    } catch (thrown) {
      call.warn(errorText(thrown));
      failed.push(name);
    }
  }
  if (failed.length === 0) return 0;
  throw new CommandFailure(`Error: failed to start containers: ${failed.join(', ')}`, 1);
}

async function startAttached(call: Pick<Call, 'engine' | 'console' | 'warn' | 'configDir'>, name: string, options: { readonly interactive: boolean; readonly detachKeys: string }): Promise<number> {
  const { engine, console } = call;
  const { Id: id, Config: config, HostConfig: host } = await engine.containers.inspect(name);
  const stdin = options.interactive && config.OpenStdin;
  const session = { tty: config.Tty, stdin, stdout: true, stderr: true, detachKeys: options.detachKeys || readConfig(call.configDir).detachKeys || '' };
  using _signals = config.Tty ? undefined : proxySignals(console, (signal) => engine.containers.kill(id, signal), call.warn);
  const stream = await engine.containers.attach(id, session);
  const failed = new AbortController();
  const joined = runSession(console, stream, session, failed.signal);
  joined.catch(() => {});
  const { ended } = await engine.containers.wait(id, host.AutoRemove ? 'removed' : 'next-exit');
  try {
    await engine.containers.start(id);
  } catch (thrown) {
    failed.abort();
    await joined;
    if (host.AutoRemove) await ended.catch(() => {});
    throw thrown;
  }
  using _size = config.Tty ? followTerminalSize(console, (size) => engine.containers.resize(id, size)) : undefined;
  if ((await joined) === 'detached') return 0;
  return await exitCodeOf(ended, call.warn);
}
