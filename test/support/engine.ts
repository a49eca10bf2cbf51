// Kills the sandbox's engine and starts it again on the same roots.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { eventually, run } from './commands.ts';

export async function killEngine(): Promise<void> {
  const pid = Number(await readFile(process.env['ONGGI_PIDFILE'] ?? '', 'utf8'));
  process.kill(pid, 'SIGKILL');
  await eventually('the end of the engine', async () => {
    try {
      process.kill(pid, 0);
      return undefined;
    } catch {
      return true;
    }
  });
}

export async function startEngine(): Promise<void> {
  const { code, stderr } = await run(process.env['ONGGI_RESTART'] ?? '', []);
  assert.equal(code, 0, stderr);
}

/** Begins something, kills the engine that long after, waits for the client's end, and starts the engine again. */
export async function killedAfter(delayMs: number, begin: () => Promise<unknown>): Promise<void> {
  const begun = begin();
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await killEngine();
  await begun;
  await startEngine();
}
