import type { EngineClient } from '#client/engine-client.ts';
import type { Command } from '../command.ts';
import type { Flag, FlagTable } from '../flags/flag.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { GLOBAL_FLAGS } from '../global-flags.ts';
import { childOf, ROOT, type CommandNode } from '../tree.ts';

export interface Candidate {
  readonly text: string;
  readonly help: string;
}

/** Lets the shell offer its own files or folders. */
const FILES: readonly Candidate[] = [{ text: ':files', help: '' }];
const DIRECTORIES: readonly Candidate[] = [{ text: ':directories', help: '' }];
/** The engine is asked while somebody waits for the tab key. */
const ENGINE_PATIENCE_MS = 1500;

/**
 * What may stand at the end of a command line.
 *
 * @param words those after the program's name; the last one is unfinished, possibly empty
 */
export async function candidates(words: readonly string[], engine: EngineClient): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? '';
  const { node, rest } = walk(withoutGlobals(words.slice(0, -1)));
  if (node.load === undefined) return typed.startsWith('-') ? flagNames(GLOBAL_FLAGS, typed) : children(node, typed);
  const command = await node.load();
  const state = readWords(command, rest);
  const assigned = /^(--[a-z0-9-]+)=(.*)$/s.exec(typed);
  if (state.awaits !== undefined) return matching(await valuesOf(state.awaits.completes, engine), typed);
  if (assigned !== null && !state.isOver) {
    const flag = (command.flags as FlagTable)[(assigned[1] ?? '').slice(2)];
    const values = await valuesOf(flag?.completes, engine);
    return matching(values, assigned[2] ?? '').map(({ text, help }) => ({ text: `${assigned[1]}=${text}`, help }));
  }
  if (typed.startsWith('-') && !state.isOver) return flagNames(command.flags, typed);
  if (command.interspersed === false && state.positionals > 0) return FILES;
  return matching(await valuesOf(command.completes, engine), typed);
}

/** The words from the command on; none that lead anywhere where a global flag still waits for its value. */
function withoutGlobals(words: readonly string[]): readonly string[] {
  try {
    return parseFlags(GLOBAL_FLAGS, words, { interspersed: false }).args;
  } catch {
    return [''];
  }
}

function walk(words: readonly string[]): { node: CommandNode; rest: readonly string[] } {
  let node = ROOT;
  for (const [at, word] of words.entries()) {
    const child = childOf(node, word)?.node;
    if (child === undefined) {
      return { node: node.load === undefined ? { summary: '' } : node, rest: words.slice(at) };
    }
    node = child;
    if (node.load !== undefined) return { node, rest: words.slice(at + 1) };
  }
  return { node, rest: [] };
}

/** Which flag waits for its value, and whether flags may still come. */
function readWords(command: Command, words: readonly string[]): { awaits: Flag | undefined; isOver: boolean; positionals: number } {
  let awaits: Flag | undefined;
  let isOver = false;
  let positionals = 0;
  for (const word of words) {
    if (awaits !== undefined) awaits = undefined;
    else if (isOver || !word.startsWith('-') || word === '-') {
      positionals += 1;
      isOver ||= command.interspersed === false;
    } else if (word === '--') isOver = true;
    else awaits = flagWithoutValue(command.flags, word);
  }
  return { awaits, isOver, positionals };
}

function flagWithoutValue(table: FlagTable, word: string): Flag | undefined {
  if (word.includes('=')) return undefined;
  const letter = word.startsWith('--') ? undefined : word.at(-1);
  const flag = letter === undefined ? table[word.slice(2)] : Object.values(table).find(({ short }) => short === letter);
  return flag === undefined || flag.type === 'bool' ? undefined : flag;
}

function flagNames(table: FlagTable, typed: string): Candidate[] {
  const shown = Object.entries(table).filter(([, flag]) => flag.hidden !== true);
  const long = shown.map(([name, { help = '' }]) => ({ text: `--${name}`, help: help.split('\n')[0] ?? '' }));
  const short = typed.startsWith('--') ? [] : shown.flatMap(([, { short, help = '' }]) => (short === undefined ? [] : [{ text: `-${short}`, help }]));
  return matching([...long, ...short], typed);
}

function children(node: CommandNode, typed: string): Candidate[] {
  return matching(Object.entries(node.children ?? {}).map(([text, { summary }]) => ({ text, help: summary })), typed);
}

function matching(all: readonly Candidate[], typed: string): Candidate[] {
  return all.filter(({ text }) => text.startsWith(typed) || text.startsWith(':'));
}

async function valuesOf(kind: Flag['completes'] | Command['completes'], engine: EngineClient): Promise<readonly Candidate[]> {
  if (kind === undefined) return [];
  if (typeof kind === 'object') return kind.map(plain);
  if (kind === 'file') return FILES;
  if (kind === 'directory') return DIRECTORIES;
  try {
    return (await namesIn(kind, engine)).map(plain);
  } catch {
    // Without an engine there is nothing to offer, and nowhere to complain.
    return [];
  }
}

async function namesIn(kind: 'container' | 'running-container' | 'image' | 'network' | 'volume', engine: EngineClient): Promise<readonly string[]> {
  const cancel = AbortSignal.timeout(ENGINE_PATIENCE_MS);
  switch (kind) {
    case 'container':
    case 'running-container':
      return (await engine.containers.list({ all: kind === 'container' }, cancel)).flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, '')));
    case 'image':
      return (await engine.images.list({}, cancel)).flatMap(({ RepoTags }) => RepoTags).filter((name) => name !== '<none>:<none>');
    case 'network':
      return (await engine.networks.list({}, cancel)).map(({ Name }) => Name);
    case 'volume':
      return (await engine.volumes.list({}, cancel)).Volumes.map(({ Name }) => Name);
  }
}

function plain(text: string): Candidate {
  return { text, help: '' };
}
