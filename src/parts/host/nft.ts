import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';

const TIMEOUT_MS = 60_000;

/**
 * Gives a script to nft(8), which applies all of it or nothing.
 *
 * @throws {EngineError} `internal` with nft's first complaint; `unavailable` where nft is not installed
 * @see https://man7.org/linux/man-pages/man8/nft.8.html
 */
export async function runNft(script: string): Promise<void> {
  const { code, complaint } = await start(['-f', '-'], script);
  if (code !== 0) throw refused(complaint);
}

/** An `ip` table as nft's JSON, with numbers for names; undefined where there is none. */
export async function listTable(table: string): Promise<string | undefined> {
  const { code, out, complaint } = await start(['-j', '-n', 'list', 'table', 'ip', table], '');
  if (code === 0) return out;
  if (complaint.includes('No such file or directory')) return undefined;
  throw refused(complaint);
}

/** All base and other chains without their rules, as nft's JSON. */
export async function listChains(): Promise<string> {
  const { code, out, complaint } = await start(['-j', 'list', 'chains'], '');
  if (code !== 0) throw refused(complaint);
  return out;
}

function refused(complaint: string): EngineError {
  const first = complaint.split('\n').find((line) => line.trim() !== '') ?? 'ended without a word';
  return new EngineError('internal', `nft: ${first.replace(/^\/dev\/stdin:/, 'line ')}`);
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly complaint: string;
}

async function start(options: readonly string[], input: string): Promise<Ended> {
  const nft = spawn('nft', options, { stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C' } });
  try {
    // nft may end before it has read all: its own words say more than EPIPE.
    nft.stdin.on('error', () => undefined);
    nft.stdin.end(input);
    const [out, complaint, [code]] = await Promise.all([text(nft.stdout), text(nft.stderr), once(nft, 'close') as Promise<[number | null]>]);
    return { code, out, complaint };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new EngineError('unavailable', 'nft is not installed: containers need it to reach the network (Debian package nftables)', { cause: thrown });
    throw new EngineError('internal', `nft: ${messageOf(thrown)}`, { cause: thrown });
  }
}
