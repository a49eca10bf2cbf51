import type { Container } from './container.ts';
import type { WaitCondition, WaitResult } from './containers.ts';
import type { ContainerRecords } from './records.ts';
import { exitOf, isLive } from './state.ts';

/**
 * Resolves when the container meets `condition`: for a container that is restarted again and again, with the next of its
 * ends. The watch stands when this returns.
 */
export function waitFor(records: ContainerRecords, container: Container, condition: WaitCondition, cancel: AbortSignal): Promise<WaitResult> {
  const { id } = container;
  cancel.throwIfAborted();
  if (condition === 'not-running' && !isRunningToDocker(container)) return Promise.resolve(resultOf(container));
  const waiting = Promise.withResolvers<WaitResult>();
  let last = container;
  let wasLive = isLive(container.state);
  let sawRun = isRunningToDocker(container);
  const watch = records.watch((changed, now) => {
    if (changed !== id) return;
    if (now) last = now;
    // a removal that went well has no error, whatever ended the container (moby container/state.go, SetRemoved)
    if (!now) return waiting.resolve({ ...resultOf(last), error: undefined });
    if (condition === 'removed') return;
    const lives = isLive(now.state);
    const runs = isRunningToDocker(now);
    // a start that fails is no exit: the docker command line would tell of it twice
    if ((wasLive && !lives) || (sawRun && !runs)) waiting.resolve(resultOf(now));
    wasLive = lives;
    sawRun ||= runs;
  });
  const onAbort = (): void => waiting.reject(cancel.reason as Error);
  cancel.addEventListener('abort', onAbort, { once: true });
  return waiting.promise.finally(() => {
    cancel.removeEventListener('abort', onAbort);
    watch[Symbol.dispose]();
  });
}

/** Docker counts a container that waits for its restart as running. */
export function isRunningToDocker({ state }: Container): boolean {
  return state.status === 'running' || state.status === 'paused' || state.status === 'restarting';
}

function resultOf({ state }: Container): WaitResult {
  const exit = exitOf(state);
  return { exitCode: exit?.exitCode ?? 0, error: exit?.error || undefined };
}
