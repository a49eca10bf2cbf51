import type { AttachSession, TerminalSize } from './containers.ts';

/** Further processes in a running container. `id` is the exec's own, whole. */
export interface Execs {
  create(containerRef: string, spec: ExecSpec): Promise<{ readonly id: string }>;
  /** @throws {EngineError} `not-found`: `No such exec instance: ID` */
  inspect(id: string): Promise<ExecDetails>;
  /** Starts it and leaves it alone. */
  startDetached(id: string, cancel: AbortSignal): Promise<void>;
  /** Starts it with a client on its stdio. Resolves before the process has started; a failure to start arrives as output. */
  startAttached(id: string, options: { readonly stdin: boolean; readonly size: TerminalSize | undefined }, cancel: AbortSignal): Promise<AttachSession>;
  resize(id: string, size: TerminalSize): Promise<void>;
}

export interface ExecSpec {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  readonly privileged: boolean;
  readonly tty: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly detachKeys: string | undefined;
  readonly size: TerminalSize | undefined;
}

export interface ExecDetails {
  readonly id: string;
  readonly containerId: string;
  readonly spec: ExecSpec;
  readonly running: boolean;
  readonly exitCode: number | null;
  readonly pid: number;
  readonly canRemove: boolean;
}
