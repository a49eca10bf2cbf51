import type { ArgumentCount, Command } from './command.ts';
import { flagUsage } from './flags/flag-usage.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';
import { COMMON_COMMANDS, MANAGEMENT_COMMANDS, OTHER_COMMANDS, pathsOf, type CommandNode } from './tree.ts';

export const PROGRAM = 'onggi';

/** The help of the program itself. */
export function rootHelp(columns: number): string {
  return [
    `Usage:  ${PROGRAM} [OPTIONS] COMMAND`,
    'Runs containers, with the commands and the API of Docker',
    `Common Commands:\n${commandList(COMMON_COMMANDS)}`,
    `Management Commands:\n${commandList(MANAGEMENT_COMMANDS)}`,
    `Commands:\n${commandList(OTHER_COMMANDS)}`,
    `Global Options:\n${flagUsage(GLOBAL_FLAGS, columns)}`,
    `Run '${PROGRAM} COMMAND --help' for more information on a command.\n`,
  ].join('\n\n');
}

/** The help of a group such as `container`. */
export function groupHelp(name: string, node: CommandNode): string {
  return [
    `Usage:  ${PROGRAM} ${name} COMMAND`,
    node.summary,
    `Commands:\n${commandList(node.children ?? {})}`,
    `Run '${PROGRAM} ${name} COMMAND --help' for more information on a command.\n`,
  ].join('\n\n');
}

/** The help of a verb. */
export function verbHelp(name: string, node: CommandNode, command: Command, columns: number): string {
  const parts = [usageLine(name, command), node.summary];
  const paths = pathsOf(node);
  if (paths.length > 1) parts.push(`Aliases:\n  ${paths.map((path) => `${PROGRAM} ${path}`).join(', ')}`);
  if (Object.keys(command.flags).length > 0) parts.push(`Options:\n${flagUsage(command.flags, columns)}`);
  return `${parts.join('\n\n')}\n`;
}

/** The complaint about flags that cannot be read, with the way to the help. */
export function flagComplaint(complaint: string, name: string, command: Command): string {
  return `${complaint}\n\n${usageLine(name, command)}\n\n${seeHelp(name)}`;
}

/** The complaint about a wrong number of arguments; undefined where it is right. */
export function argumentComplaint(count: number, name: string, command: Command): string | undefined {
  const { min, max } = command.args;
  if (count >= min && (max === undefined || count <= max)) return undefined;
  const pointer = max === undefined ? seeHelp(name).replace('Run', 'See') : seeHelp(name);
  return `${PROGRAM}: '${PROGRAM} ${name}' ${expectation(command.args)}\n\n${usageLine(name, command)}\n\n${pointer}`;
}

/** A verb's own complaint, as Docker prints those of `run` and `create`. */
export function seeHelp(name: string): string {
  return `Run '${PROGRAM} ${name} --help' for more information`;
}

export function unknownCommand(path: string, parent: string): string {
  const group = parent === '' ? '' : `Usage:  ${PROGRAM} ${parent}\n\n`;
  return `${PROGRAM}: unknown command: ${PROGRAM} ${path}\n\n${group}Run '${PROGRAM}${parent === '' ? '' : ` ${parent}`} --help' for more information`;
}

function usageLine(name: string, command: Command): string {
  return `Usage:  ${PROGRAM} ${name}${command.usage === '' ? '' : ` ${command.usage}`}`;
}

function expectation({ min, max }: ArgumentCount): string {
  const arguments_ = (count: number): string => `${count} argument${count === 1 ? '' : 's'}`;
  if (max === 0) return 'accepts no arguments';
  if (min === max) return `requires ${arguments_(min)}`;
  if (max === undefined) return `requires at least ${arguments_(min)}`;
  return min === 0 ? `requires at most ${arguments_(max)}` : `requires at least ${min} and at most ${arguments_(max)}`;
}

function commandList(nodes: Readonly<Record<string, CommandNode>>): string {
  const width = Math.max(...Object.keys(nodes).map((name) => name.length), 10) + 2;
  return Object.entries(nodes).map(([name, node]) => `  ${name.padEnd(width)}${node.summary}`).join('\n');
}
