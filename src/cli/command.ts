import type { EngineClient } from '#client/engine-client.ts';
import type { Console } from './console.ts';
import type { FlagTable, FlagValues } from './flags/flag.ts';

/** How many positional arguments a command takes. */
export interface ArgumentCount {
  readonly min: number;
  /** Unlimited where it is left out. */
  readonly max?: number;
}

/** One verb, as a value: what help and completion show, and what it does. */
export interface CommandDefinition<T extends FlagTable> {
  /** What follows the verb's name: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  readonly flags: T;
  readonly args: ArgumentCount;
  /** False where the first positional argument ends the flags, since what follows is a command of its own. */
  readonly interspersed?: boolean;
  /** What shell completion offers for the positional arguments. */
  readonly completes?: 'container' | 'running-container' | 'image' | 'network' | 'volume' | 'file' | readonly string[];
  /** The exit code of a command line that does not follow the grammar. */
  readonly usageExit?: number;
  /** Resolves to the exit code; nothing means 0. */
  run(call: CommandCall<T>): Promise<number | void>;
}

/** What one run of a command gets. */
export interface CommandCall<T extends FlagTable> {
  readonly args: readonly string[];
  readonly flags: FlagValues<T>;
  /** The flags that were given, whatever their value. */
  readonly given: ReadonlySet<string>;
  readonly engine: EngineClient;
  readonly console: Console;
  /** How the command was called, without the program's name: `container ls`. */
  readonly name: string;
  /** `--config`: the folder of the client's own files. */
  readonly configDir: string;
  /** Writes one line to standard output. */
  readonly print: (line: string) => void;
  /** Writes one line to standard error. */
  readonly warn: (line: string) => void;
}

export type Command = CommandDefinition<FlagTable>;

/** Gives a definition its types: the flags that `run` sees are those of the table. */
export function command<const T extends FlagTable>(definition: CommandDefinition<T>): Command {
  return definition as unknown as Command;
}

/** Ends a command with a message on standard error and an exit code. The message may be empty: all is said. */
export class CommandFailure extends Error {
  static {
    this.prototype.name = 'CommandFailure';
  }
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const AT_ONCE = 50;

/**
 * Does the same to every argument, several at a time, and tells the outcomes in order: a failure does not stop the rest.
 *
 * @param act resolves to the line to print; nothing prints nothing
 * @returns the exit code: 1 where any failed
 */
export async function forEach(call: Pick<CommandCall<FlagTable>, 'print' | 'warn'>, args: readonly string[], act: (arg: string) => Promise<string | void>): Promise<number> {
  let exitCode = 0;
  for (let at = 0; at < args.length; at += AT_ONCE) {
    for (const outcome of await Promise.allSettled(args.slice(at, at + AT_ONCE).map(act))) {
      if (outcome.status === 'rejected') {
        call.warn(errorText(outcome.reason));
        exitCode = 1;
      } else if (typeof outcome.value === 'string') call.print(outcome.value);
    }
  }
  return exitCode;
}

/** A failure as it is shown: what the engine said says so; everything else stands for itself. */
export function errorText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.name === 'DaemonError' ? `Error response from daemon: ${thrown.message}` : thrown.message;
}
