import type { RestartPolicy } from './spec.ts';

export const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run of this length makes the next delay the first one again (moby libcontainerd restartmanager). */
const GOOD_RUN_MS = 10_000;

interface Ending {
  readonly exitCode: number;
  readonly ranMs: number;
  readonly stoppedByUser: boolean;
  /** How often it was restarted since it was started by hand. */
  readonly restartCount: number;
  /** undefined before the first restart. */
  readonly lastDelayMs: number | undefined;
}

/** How long to wait before the restart; undefined when there is none. */
export function restartDelayMs(policy: RestartPolicy, ending: Ending): number | undefined {
  if (ending.stoppedByUser || !wantsRestart(policy, ending)) return undefined;
  if (ending.lastDelayMs === undefined || ending.ranMs >= GOOD_RUN_MS) return FIRST_DELAY_MS;
  return Math.min(ending.lastDelayMs * 2, LONGEST_DELAY_MS);
}

function wantsRestart({ name, maximumRetryCount }: RestartPolicy, { exitCode, restartCount }: Pick<Ending, 'exitCode' | 'restartCount'>): boolean {
  switch (name) {
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return exitCode !== 0 && (maximumRetryCount === 0 || restartCount < maximumRetryCount);
    case 'no':
      return false;
    default:
      return name satisfies never;
  }
}

/** Whether an engine that starts brings back a container that is down: `always` does so even for one that a user stopped. */
export function comesBack(policy: RestartPolicy, ending: Pick<Ending, 'exitCode' | 'restartCount' | 'stoppedByUser'>): boolean {
  return (policy.name === 'always' || !ending.stoppedByUser) && wantsRestart(policy, ending);
}
