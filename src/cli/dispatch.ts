import { GIT_COMMIT, VERSION } from '#base/version.ts';
import { engineAddress } from '#client/address.ts';
import { EngineClient } from '#client/engine-client.ts';
import { CommandFailure, errorText, type Command } from './command.ts';
import { printLine, type Console } from './console.ts';
import { FlagError, HelpWanted, parseFlags } from './flags/parse-flags.ts';
import type { FlagValues } from './flags/flag.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';
import { argumentComplaint, flagComplaint, groupHelp, PROGRAM, rootHelp, unknownCommand, verbHelp } from './help.ts';
import { childOf, ROOT, type CommandNode } from './tree.ts';

const USAGE_EXIT = 125;
const DEFAULT_COLUMNS = 80;

type GlobalFlags = FlagValues<typeof GLOBAL_FLAGS>;

/** What the words of a command line have led to. */
interface Found {
  readonly node: CommandNode;
  /** The words, joined: `container ls`. */
  readonly name: string;
  readonly rest: readonly string[];
}

/**
 * Runs one command line and returns its exit code: 0, 1 for a failure, 125 for flags that cannot be read, and what the
 * verb itself says.
 */
export async function dispatch(argv: readonly string[], console: Console): Promise<number> {
  let debug = false;
  try {
    const { values, args } = parseFlags(GLOBAL_FLAGS, argv, { interspersed: false });
    debug = values.debug;
    if (values.version) return say(console, `Onggi version ${VERSION}, build ${GIT_COMMIT}`);
    if (args[0] === 'help') return await help(args.slice(1), console);
    if (args.length === 0) return show(console.stderr, rootHelp(columnsOf(console)));
    return await follow(find(args), values, console);
  } catch (thrown) {
    if (thrown instanceof HelpWanted) return show(console.stdout, rootHelp(columnsOf(console)));
    if (thrown instanceof FlagError) {
      printLine(console.stderr, `${thrown.message}\n\nUsage:  ${PROGRAM} [OPTIONS] COMMAND [ARG...]\n\nRun '${PROGRAM} --help' for more information`);
      return USAGE_EXIT;
    }
    return failed(thrown, console, debug);
  }
}

/** Walks the tree as far as the words name something in it. */
function find(words: readonly string[]): Found {
  let node = ROOT;
  let at = 0;
  for (let child = childOf(node, words[at] ?? ''); child !== undefined; child = childOf(node, words[at] ?? '')) {
    node = child.node;
    at += 1;
    if (node.children === undefined) break;
  }
  return { node, name: words.slice(0, at).join(' '), rest: words.slice(at) };
}

async function follow(found: Found, globals: GlobalFlags, console: Console): Promise<number> {
  const { node, name, rest } = found;
  if (node.load !== undefined) return await runVerb(found, await node.load(), globals, console);
  const word = rest[0];
  if (word === undefined) return show(console.stderr, groupHelp(name, node));
  if (word === '--help' || word === '-h') return show(console.stdout, groupHelp(name, node));
  if (word.startsWith('-') && name !== '') throw new CommandFailure(`unknown flag: ${word}\n\nUsage:  ${PROGRAM} ${name} COMMAND\n\nRun '${PROGRAM} ${name} --help' for more information`, USAGE_EXIT);
  throw new CommandFailure(unknownCommand(name === '' ? word : `${name} ${word}`, name), 1);
}

async function runVerb(found: Found, command: Command, globals: GlobalFlags, console: Console): Promise<number> {
  const { name, node, rest } = found;
  try {
    const { values: flags, given, args } = parseFlags(command.flags, rest, { interspersed: command.interspersed ?? true });
    const complaint = argumentComplaint(args.length, name, command);
    if (complaint !== undefined) throw new CommandFailure(complaint, 1);
    const code = await command.run({
      args,
      flags,
      given,
      console,
      name,
      engine: engineOf(globals, console),
      configDir: configDirOf(globals, console),
      print: (line) => printLine(console.stdout, line),
      warn: (line) => printLine(console.stderr, line),
    });
    return code ?? 0;
  } catch (thrown) {
    if (thrown instanceof HelpWanted) return show(console.stdout, verbHelp(name, node, command, columnsOf(console)));
    if (thrown instanceof FlagError) throw new CommandFailure(flagComplaint(thrown.message, name, command), USAGE_EXIT);
    throw thrown;
  }
}

async function help(words: readonly string[], console: Console): Promise<number> {
  const { node, name, rest } = find(words);
  if (rest.length > 0) throw new CommandFailure(`unknown help topic: ${words.join(' ')}`, 1);
  if (name === '') return show(console.stdout, rootHelp(columnsOf(console)));
  if (node.load === undefined) return show(console.stdout, groupHelp(name, node));
  return show(console.stdout, verbHelp(name, node, await node.load(), columnsOf(console)));
}

function engineOf(globals: GlobalFlags, console: Console): EngineClient {
  if (globals.host.length > 1) throw new CommandFailure('Specify only one -H', 1);
  const apiVersion = console.env['ONGGI_API_VERSION'] || console.env['DOCKER_API_VERSION'];
  return new EngineClient(engineAddress(globals.host[0], console.env), { apiVersion });
}

/** Docker's folder: a login made with either program serves both. */
function configDirOf(globals: GlobalFlags, { env }: Console): string {
  return globals.config || env['ONGGI_CONFIG'] || env['DOCKER_CONFIG'] || `${env['HOME'] || '/root'}/.docker`;
}

function failed(thrown: unknown, console: Console, debug: boolean): number {
  const message = debug && thrown instanceof Error ? withCauses(thrown) : errorText(thrown);
  if (message !== '') printLine(console.stderr, message);
  return thrown instanceof CommandFailure ? thrown.exitCode : 1;
}

/** `--debug`: where it came from, and what caused it. */
function withCauses(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${withCauses(error.cause)}` : '';
  return `${errorText(error)}\n${error.stack ?? ''}${cause}`;
}

function say(console: Console, line: string): number {
  printLine(console.stdout, line);
  return 0;
}

function show(end: Console['stdout'], text: string): number {
  end.write(text);
  return 0;
}

function columnsOf(console: Console): number {
  return console.stdout.size()?.columns ?? DEFAULT_COLUMNS;
}
