import type { ContainerDetails, Health } from '#engine/containers/container.ts';
import { exitOf, isLive, type ContainerState } from '#engine/containers/state.ts';
import type { ContainerStateInfo, ContainerStatusText, HealthState } from '#protocol/containers.ts';
import { formatGoTime, GO_ZERO_TIME } from '#protocol/timestamps.ts';

/** `State` of an inspect: one union of ours as Docker's dozen fields. */
export function containerState({ state, health }: ContainerDetails): ContainerStateInfo {
  const live = isLive(state);
  const exit = exitOf(state);
  return {
    Status: statusText(state),
    Running: live || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: exit?.oomKilled ?? false,
    Dead: state.status === 'dead',
    Pid: live ? state.pid : 0,
    ExitCode: exit?.exitCode ?? 0,
    Error: exit?.error ?? '',
    StartedAt: live ? formatGoTime(state.startedAt) : formatGoTime(exit?.startedAt ?? null),
    FinishedAt: exit ? moment(exit.finishedAt) : GO_ZERO_TIME,
    ...(health && { Health: healthState(health) }),
  };
}

export function statusText(state: ContainerState): ContainerStatusText {
  return state.status;
}

/** The engine stands a time in 1970 for "never". */
function moment(time: Date): string {
  return time.getTime() === 0 ? GO_ZERO_TIME : formatGoTime(time);
}

function healthState(health: Health): HealthState {
  return {
    Status: health.status,
    FailingStreak: health.failingStreak,
    Log: health.log.map(({ startedAt, endedAt, exitCode, output }) => ({
      Start: formatGoTime(startedAt),
      End: formatGoTime(endedAt),
      ExitCode: exitCode,
      Output: output,
    })),
  };
}
