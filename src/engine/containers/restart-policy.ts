import type { RestartPolicy } from './spec.ts';

const FIRST_DELAY_MS = 100;
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

function wantsRestart({ name, maximumRetryCount }: RestartPolicy, { exitCode, restartCount }: Ending): boolean {
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

/** Whether a restarted engine starts this container again. */
export function comesBack(policy: RestartPolicy, container: { readonly stoppedByUser: boolean; readonly wasRunning: boolean }): boolean {
  switch (policy.name) {
    case 'always':
      return true;
    case 'unless-stopped':
      return !container.stoppedByUser;
    case 'on-failure':
      return container.wasRunning;
    case 'no':
      return false;
    default:
      return policy.name satisfies never;
  }
}
