import type { Readable, Writable } from 'node:stream';
import type { Filters } from '#engine/filters.ts';
import type { LogEntry, LogQuery } from '#parts/logs/log-entry.ts';
import type { ContainerDetails } from './container.ts';
import type { ContainerSpec } from './spec.ts';
import type { StatsMode, StatsReport } from './stats.ts';
import type { UpdateRequest } from './updater.ts';

/** What a user can do with containers. `ref` is a name, an id, or a prefix of an id that is unique. */
export interface Containers {
  create(request: CreateRequest, cancel: AbortSignal): Promise<{ readonly id: string; readonly warnings: readonly string[] }>;
  /** @throws {EngineError} `not-found`: `No such container: REF` */
  inspect(ref: string, options: { readonly size: boolean }): Promise<ContainerDetails>;
  /** Newest first. */
  list(query: ListQuery): Promise<readonly ContainerDetails[]>;
  /** @throws {EngineError} `not-modified` when it runs already; `conflict` when it is paused */
  start(ref: string, cancel: AbortSignal): Promise<void>;
  stop(ref: string, options: StopOptions, cancel: AbortSignal): Promise<void>;
  restart(ref: string, options: StopOptions, cancel: AbortSignal): Promise<void>;
  /** `signal` as given: `SIGKILL`, `KILL`, `9`, empty for SIGKILL. */
  kill(ref: string, signal: string): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  /** The outer promise resolves once the wait is in place (the API then sends its headers), `done` with the end. */
  wait(ref: string, condition: WaitCondition, cancel: AbortSignal): Promise<{ readonly done: Promise<WaitResult> }>;
  attach(ref: string, options: AttachOptions, cancel: AbortSignal): Promise<AttachSession>;
  logs(ref: string, query: LogQuery, cancel: AbortSignal): Promise<LogStream>;
  resize(ref: string, size: TerminalSize): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  top(ref: string, psArgs: string): Promise<{ readonly titles: readonly string[]; readonly processes: readonly (readonly string[])[] }>;
  /** @throws {EngineError} `not-found`, at once */
  stats(ref: string, mode: StatsMode, cancel: AbortSignal): AsyncIterable<StatsReport>;
  update(ref: string, request: UpdateRequest): Promise<{ readonly warnings: readonly string[] }>;
  remove(ref: string, options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean }): Promise<void>;
  prune(filters: Filters): Promise<{ readonly deleted: readonly string[]; readonly reclaimedBytes: number }>;
}

export interface CreateRequest {
  /** undefined: the engine makes one up. May begin with Docker's slash. */
  readonly name: string | undefined;
  /** `linux/arm64`; empty for the host's. */
  readonly platform: string;
  readonly spec: ContainerSpec;
  /** Which fields the user left out, so that the image's own value applies. */
  readonly unset: { readonly stopSignal: boolean };
}

export interface ListQuery {
  readonly all: boolean;
  /** The newest so many, running or not; 0 is no limit. */
  readonly limit: number;
  readonly size: boolean;
  readonly filters: Filters;
}

/** undefined: the container's own. A negative timeout waits for ever. */
export interface StopOptions {
  readonly signal: string | undefined;
  readonly timeoutSeconds: number | undefined;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface WaitResult {
  readonly exitCode: number;
  /** Set where the container could not be waited for or removed. */
  readonly error: string | undefined;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Output from now on. Without it, only what the log holds is sent. */
  readonly stream: boolean;
  /** What the log holds already, first. */
  readonly logs: boolean;
  /** `ctrl-p,ctrl-q` and the like; undefined is the default, empty is off. */
  readonly detachKeys: string | undefined;
}

/** A client's end of a container's or exec's stdio. Dispose when the client goes. */
export interface AttachSession extends AsyncDisposable {
  readonly tty: boolean;
  /** Raw bytes with a tty; otherwise frames of an eight-byte header and their payload (Docker's stdcopy). Ends with the process or a detach. */
  readonly output: Readable;
  /** Ending it closes the process's stdin where `stdinOnce` says so. */
  readonly input: Writable;
}

export interface LogStream {
  readonly tty: boolean;
  readonly entries: AsyncIterable<readonly LogEntry[]>;
}
