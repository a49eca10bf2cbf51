import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';

const TIMEOUT_MS = 60_000;

/**
 * Gives a script to nft(8), which applies all of it or nothing.
 *
 * @returns what it prints: the answer of a `list`
 * @throws {EngineError} `internal` with nft's first complaint; `unavailable` where nft is not installed
 * @see https://man7.org/linux/man-pages/man8/nft.8.html
 */
export async function runNft(script: string, options: readonly string[] = []): Promise<string> {
  const nft = spawn('nft', [...options, '-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
  try {
    // nft may end before it has read all: its own words say more than EPIPE.
    nft.stdin.on('error', () => undefined);
    nft.stdin.end(script);
    const [out, complaint, [code, signal]] = await Promise.all([text(nft.stdout), text(nft.stderr), once(nft, 'close') as Promise<[number | null, string | null]>]);
    if (code === 0) return out;
    const first = complaint.split('\n').find((line) => line.trim() !== '') ?? `ended with ${code ?? signal ?? 'nothing'}`;
    throw new EngineError('internal', `nft: ${first.replace(/^\/dev\/stdin:/, 'line ')}`);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new EngineError('unavailable', 'nft is not installed: containers need it to reach the network (Debian package nftables)', { cause: thrown });
    if (thrown instanceof EngineError) throw thrown;
    throw new EngineError('internal', `nft: ${messageOf(thrown)}`, { cause: thrown });
  }
}
