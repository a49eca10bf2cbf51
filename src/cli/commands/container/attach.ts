import { command, CommandFailure, type Command } from '../../command.ts';
import { readConfig } from '../../config-file.ts';
import { runSession } from '../../session/attached-session.ts';
import { exitCodeOf } from '../../session/exit-code.ts';
import { proxySignals } from '../../session/signal-proxy.ts';
import { followTerminalSize } from '../../session/terminal-size.ts';
import type { ContainerInspect } from '#protocol/containers.ts';

export const attach: Command = command({
  usage: '[OPTIONS] CONTAINER',
  args: { min: 1, max: 1 },
  completes: 'running-container',
  flags: {
    'detach-keys': { type: 'string', help: 'Keys that detach from the container ("ctrl-p,ctrl-q")' },
    'no-stdin': { type: 'bool', help: 'Do not attach standard input' },
    'sig-proxy': { type: 'bool', default: 'true', help: 'Send the signals of this command on to the container' },
  },

  async run(call) {
    const { flags, engine, console } = call;
    const container = await engine.containers.inspect(call.args[0] ?? '');
    assertAttachable(container);
    const { Id: id, Config: config } = container;
    const stdin = config.OpenStdin && !flags['no-stdin'];
    if (stdin && config.Tty && !console.stdin.isTerminal) throw new CommandFailure('the input device is not a TTY', 1);
    const { ended } = await engine.containers.wait(id, 'not-running');
    const session = { tty: config.Tty, stdin, stdout: true, stderr: true, detachKeys: flags['detach-keys'] || readConfig(call.configDir).detachKeys || '' };
    using _signals = flags['sig-proxy'] && !config.Tty ? proxySignals(console, (signal) => engine.containers.kill(id, signal), call.warn) : undefined;
    const stream = await engine.containers.attach(id, session);
    using _size = config.Tty ? followTerminalSize(console, redrawing((size) => engine.containers.resize(id, size))) : undefined;
    if ((await runSession(console, stream, session)) === 'detached') throw new CommandFailure('read escape sequence', 1);
    return await exitCodeOf(ended, call.warn);
  },
});

function assertAttachable({ State: state }: ContainerInspect): void {
  if (!state.Running) throw new CommandFailure('You cannot attach to a stopped container, start it first', 1);
  if (state.Paused) throw new CommandFailure('You cannot attach to a paused container, unpause it first', 1);
  if (state.Restarting) throw new CommandFailure('You cannot attach to a restarting container, wait until it is running', 1);
}

type Resize = (size: { readonly h: number; readonly w: number }) => Promise<void>;

/** A program that is already there draws its screen again only where the size changes: it does, twice, the first time. */
function redrawing(resize: Resize): Resize {
  let drawn = false;
  return async (size) => {
    if (!drawn) await resize({ h: size.h + 1, w: size.w + 1 });
    drawn = true;
    await resize(size);
  };
}
