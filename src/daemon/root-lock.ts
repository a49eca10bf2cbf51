import { chmodSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '#base/errors.ts';
import { tryLock } from '#parts/host/flock.ts';

/** What two engines must not share, and what an engine without it is to be given. */
interface Claim {
  readonly what: string;
  readonly folder: string;
  /** Of the files below `folder`. */
  readonly name: string;
  readonly advice: string;
}

interface Roots {
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly bridge: string;
  readonly hosts: readonly string[];
}

/** Fixed, since two engines with all their roots apart can still meet at one bridge. */
const BRIDGE_LOCKS = '/run/onggi/bridges';

/**
 * Makes this process the only engine of its data root, of its exec root and of its bridge, until it ends or the result
 * is disposed. The data root is closed to everybody but root: image layers hold setuid programs.
 *
 * @throws {EngineError} `conflict` with a sentence that names the holder
 */
export function lockRoots({ dataRoot, execRoot, bridge, hosts }: Roots, bridgeLocks: string = BRIDGE_LOCKS): Disposable {
  using locks = new DisposableStack();
  const apart = 'stop that one first, or give this one its own --data-root and --exec-root';
  locks.use(lock({ what: `the data root ${dataRoot}`, folder: dataRoot, name: 'onggid', advice: apart }, hosts));
  chmodSync(dataRoot, 0o710);
  if (execRoot !== dataRoot) locks.use(lock({ what: `the exec root ${execRoot}`, folder: execRoot, name: 'onggid', advice: apart }, hosts));
  const network = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0] ?? '';
  const advice = 'stop that one first, or name another with "bridge" in daemon.json';
  locks.use(lock({ what: `the bridge ${bridge}`, folder: bridgeLocks, name: `${network}-${bridge}`, advice }, hosts));
  return locks.move();
}

function lock({ what, folder, name, advice }: Claim, hosts: readonly string[]): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const holder = join(folder, `${name}.holder`);
  const taken = tryLock(join(folder, `${name}.lock`));
  if (!taken) throw new EngineError('conflict', `${what} is in use by another onggid${described(holder)}: ${advice}`);
  writeFileSync(holder, JSON.stringify({ pid: process.pid, hosts }), { mode: 0o644 });
  return {
    [Symbol.dispose]: () => {
      rmSync(holder, { force: true });
      taken[Symbol.dispose]();
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
