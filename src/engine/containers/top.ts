import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EngineError, codeOf } from '#base/errors.ts';
import { notRunning, isRestarting } from './errors.ts';
import type { Container } from './container.ts';
import { isLive } from './state.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

export interface ProcessTable {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

/**
 * Runs the host's `ps` and keeps the rows of the container's processes, as Docker does.
 *
 * @param psArgs `ps` arguments, parted by blanks; empty is `-ef`
 * @param pidsOf host pids of a container's processes
 */
export async function processTable(container: Container, psArgs: string, pidsOf: (id: string) => readonly number[]): Promise<ProcessTable> {
  const { id, state } = container;
  if (state.status === 'restarting') throw isRestarting(id);
  if (!isLive(state)) throw notRunning(id);
  const args = psArgs.trim() === '' ? ['-ef'] : psArgs.trim().split(/\s+/);
  const pids = pidsOf(id);
  // as Docker: ask for these only, and for all where `ps` does not take that with the other arguments
  const output = await ps([...args, `-q${pids.join(',')}`]).catch(() => ps(args));
  return pick(output, new Set(pids.map(String)));
}

async function ps(args: readonly string[]): Promise<string> {
  try {
    return (await run('ps', args, { maxBuffer: MAX_OUTPUT_BYTES, timeout: TIMEOUT_MS })).stdout;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new EngineError('internal', 'error running ps: not found on this host: install the package procps', { cause: thrown });
    // its first line says why
    const said = (thrown as { stderr?: string }).stderr?.split('\n', 1)[0]?.trim();
    throw new EngineError('internal', said ? `ps: ${said}` : `error running ps: ${String(thrown)}`, { cause: thrown });
  }
}

function pick(output: string, pids: ReadonlySet<string>): ProcessTable {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const titles = (lines.shift() ?? '').trim().split(/\s+/);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw new EngineError('internal', "Couldn't find PID field in ps output");
  const rows = lines.map((line) => columns(line, titles.length));
  return { titles, processes: rows.filter((row) => pids.has(row[pidColumn] ?? '')) };
}

/** The last column takes all that is left, blanks and all. */
function columns(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return words.length <= count ? words : [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}
