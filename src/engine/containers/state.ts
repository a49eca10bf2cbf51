import { EngineError } from '#base/errors.ts';

/** A running process, as `onggid` trusts it: by pid and by which start it was. */
export interface RunningProcess {
  readonly pid: number;
  /** Counts the starts of this container; the shim's exit record bears it. */
  readonly generation: number;
  readonly startedAt: Date;
}

/** How a start ended. `error` is a start's failure as `inspect` shows it. */
export interface Exit {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
}

/** What is known of one that goes, so that a crash does not keep it from going. */
export interface Removal {
  readonly exit: Exit | null;
  /** Its anonymous volumes go with it. */
  readonly volumes: boolean;
}

/** Each state carries only the data it has. */
export type ContainerState =
  | { readonly status: 'created'; readonly exit: Exit | null }
  | ({ readonly status: 'running' } & RunningProcess)
  | ({ readonly status: 'paused' } & RunningProcess)
  | ({ readonly status: 'restarting'; readonly generation: number } & Exit)
  | ({ readonly status: 'exited'; readonly generation: number } & Exit)
  | ({ readonly status: 'removing' } & Removal)
  | ({ readonly status: 'dead' } & Removal);

export type ContainerStatus = ContainerState['status'];

export type ContainerEvent =
  | { readonly type: 'started'; readonly process: RunningProcess }
  | { readonly type: 'start-failed'; readonly exitCode: number; readonly error: string; readonly at: Date }
  | { readonly type: 'paused' }
  | { readonly type: 'unpaused' }
  | { readonly type: 'exited'; readonly exitCode: number; readonly oomKilled: boolean; readonly at: Date; readonly restarting: boolean }
  | { readonly type: 'restart-given-up' }
  | { readonly type: 'removing'; readonly volumes: boolean }
  | { readonly type: 'removal-failed' };

/** The whole life of a container. Pure: the caller stores the result, then announces it. */
export function next(state: ContainerState, event: ContainerEvent): ContainerState {
  switch (event.type) {
    case 'started':
      if (state.status !== 'created' && state.status !== 'exited' && state.status !== 'restarting') break;
      return { status: 'running', ...event.process };
    case 'start-failed': {
      if (state.status !== 'created' && state.status !== 'exited' && state.status !== 'restarting') break;
      const { exitCode, error, at } = event;
      const exit: Exit = { exitCode, error, oomKilled: false, startedAt: exitOf(state)?.startedAt ?? null, finishedAt: at };
      if (state.status === 'created') return { status: 'created', exit: { ...exit, finishedAt: exitOf(state)?.finishedAt ?? NEVER } };
      return { status: 'exited', generation: state.generation, ...exit };
    }
    case 'paused':
      if (state.status !== 'running') break;
      return { ...state, status: 'paused' };
    case 'unpaused':
      if (state.status !== 'paused') break;
      return { ...state, status: 'running' };
    case 'exited': {
      if (state.status !== 'running' && state.status !== 'paused') break;
      const { exitCode, oomKilled, at } = event;
      const exit: Exit = { exitCode, oomKilled, error: '', startedAt: state.startedAt, finishedAt: at };
      return { status: event.restarting ? 'restarting' : 'exited', generation: state.generation, ...exit };
    }
    case 'restart-given-up':
      if (state.status !== 'restarting') break;
      return { ...state, status: 'exited' };
    case 'removing':
      if (state.status === 'running' || state.status === 'paused') break;
      return { status: 'removing', exit: exitOf(state), volumes: event.volumes };
    case 'removal-failed':
      if (state.status !== 'removing') break;
      return { ...state, status: 'dead' };
    default:
      event satisfies never;
  }
  throw new EngineError('conflict', `a container that is ${state.status} cannot become ${event.type}`);
}

/** What stands for "never" where Docker wants a time. */
export const NEVER: Date = new Date(0);

/** The last exit of a container that is not running; null while it runs or before its first end. */
export function exitOf(state: ContainerState): Exit | null {
  switch (state.status) {
    case 'running':
    case 'paused':
      return null;
    case 'created':
    case 'removing':
    case 'dead':
      return state.exit;
    case 'restarting':
    case 'exited':
      return state;
    default:
      return state satisfies never;
  }
}

/** True while there are processes in the container. */
export function isLive(state: ContainerState): state is Extract<ContainerState, { status: 'running' | 'paused' }> {
  return state.status === 'running' || state.status === 'paused';
}
