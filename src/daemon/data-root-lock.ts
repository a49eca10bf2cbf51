import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '#base/errors.ts';
import { tryLock } from '#parts/host/flock.ts';

/**
 * Makes this process the only engine of a data root, until it ends or the result is disposed.
 *
 * @throws {EngineError} `conflict` with a sentence that names the holder
 */
export function lockDataRoot(dataRoot: string, hosts: readonly string[]): Disposable {
  mkdirSync(dataRoot, { recursive: true, mode: 0o711 });
  const holder = join(dataRoot, 'onggid.holder');
  const lock = tryLock(join(dataRoot, 'onggid.lock'));
  if (!lock) {
    throw new EngineError(
      'conflict',
      `the data root ${dataRoot} is in use by another onggid${described(holder)}: stop that one first, or give this one its own --data-root and --exec-root`,
    );
  }
  writeFileSync(holder, JSON.stringify({ pid: process.pid, hosts }), { mode: 0o644 });
  return {
    [Symbol.dispose]: () => {
      rmSync(holder, { force: true });
      lock[Symbol.dispose]();
    },
  };
}

function described(holder: string): string {
  try {
    const { pid, hosts } = JSON.parse(readFileSync(holder, 'utf8')) as { pid: number; hosts: readonly string[] };
    return ` (pid ${pid}, listening on ${hosts.join(', ')})`;
  } catch {
    return ''; // it has only just taken the lock
  }
}
