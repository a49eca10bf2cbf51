import { newId } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { EngineError, isKind, messageOf } from '#base/errors.ts';
import type { Events } from '#engine/events/events.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { AttachSession, TerminalSize } from './containers.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { isPausedForExec, isRestarting, noSuchExec, notRunning } from './errors.ts';
import type { ExecDetails, Execs, ExecSpec } from './execs.ts';
import type { LiveProcess } from './live-process.ts';
import type { ContainerRecords } from './records.ts';
import { type ContainerState, isLive } from './state.ts';
import type { StdioHub } from './stdio-hub.ts';

/** Ended execs stay visible to `inspect` for so long, as with Docker. */
const KEPT_AFTER_END_MS = 5 * 60_000;
const STDOUT = 1;

interface Exec {
  readonly id: string;
  readonly containerId: string;
  readonly spec: ExecSpec;
  /** The start of the container that it belongs to: a restart makes it void. */
  readonly generation: number;
  state: 'created' | 'running' | 'ended';
  process: LiveProcess | undefined;
  exitCode: number | null;
  size: TerminalSize | undefined;
}

/** Starts one exec behind a shim of its own. Throws an EngineError with Docker's words when it cannot. */
export type ExecLauncher = (request: {
  readonly id: string;
  readonly container: Container;
  readonly spec: ExecSpec;
  readonly size: TerminalSize | undefined;
  readonly attached: boolean;
}, cancel: AbortSignal) => Promise<LiveProcess>;

interface Parts {
  readonly records: ContainerRecords;
  readonly events: Events;
  readonly hub: StdioHub;
  readonly launch: ExecLauncher;
  /** Throws where the running container knows no such user or group. */
  readonly checkUser: (container: Container, user: string) => Promise<void>;
  /** Called as early as a start can be foreseen: what makes the kernel wait is begun then. */
  readonly expectStart: () => void;
  readonly log: Log;
}

/** Further processes in running containers. They are not stored: a restarted engine has forgotten them, as Docker has. */
export class ExecService implements Execs {
  readonly #parts: Parts;
  readonly #byId = new Map<string, Exec>();

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.records.watch((id, container) => this.#forgetUnstarted(id, container));
  }

  async create(containerRef: string, spec: ExecSpec): Promise<{ id: string }> {
    const container = this.#parts.records.get(containerRef);
    const { generation } = runningStateOf(container, containerRef);
    if (spec.args.length === 0) throw new EngineError('invalid', 'No exec command specified');
    if (spec.detachKeys !== undefined) parseDetachKeys(spec.detachKeys);
    this.#parts.expectStart();
    // dockerd says so before there is an exec, as a mistake of the client's
    if (spec.user !== '') await this.#parts.checkUser(container, spec.user).catch((thrown: unknown) => {
      throw isKind(thrown, 'internal') ? new EngineError('invalid', thrown.message, { cause: thrown }) : thrown;
    });
    const id = newId();
    this.#byId.set(id, {
      id, spec, generation,
      containerId: container.id,
      state: 'created', process: undefined, exitCode: null, size: spec.size,
    });
    publishContainer(this.#parts.events, container, `exec_create: ${shown(spec.args)}`, { execID: id });
    return { id };
  }

  async inspect(id: string): Promise<ExecDetails> {
    const { containerId, spec, state, exitCode, process } = this.#get(id);
    this.#parts.records.get(containerId);
    return { id, containerId, spec, exitCode, running: state === 'running', pid: process?.pid ?? 0, canRemove: state === 'ended' };
  }

  /** Of one container, those that have not ended. */
  idsOf(containerId: string): readonly string[] {
    return [...this.#byId.values()].filter((exec) => exec.containerId === containerId && exec.state !== 'ended').map(({ id }) => id);
  }

  async startDetached(id: string, cancel: AbortSignal): Promise<void> {
    await this.#start(this.#claim(id), false, cancel);
  }

  async startAttached(id: string, options: { readonly stdin: boolean; readonly size: TerminalSize | undefined }, cancel: AbortSignal): Promise<AttachSession> {
    const exec = this.#claim(id);
    exec.size = options.size ?? exec.size;
    const { spec } = exec;
    const key = `exec ${id}`;
    const { hub, log } = this.#parts;
    const session = hub.session({
      id: key,
      process: undefined,
      settings: { tty: spec.tty, openStdin: spec.attachStdin, stdinOnce: true },
      options: {
        stdin: spec.attachStdin && options.stdin,
        stdout: spec.attachStdout, stderr: spec.attachStderr,
        stream: true, logs: false, detachKeys: spec.detachKeys,
      },
      onDetach: () => publishContainer(this.#parts.events, this.#parts.records.get(exec.containerId), 'exec_detach', { execID: id }),
    });
    this.#start(exec, true, cancel).then(
      (process) => hub.started(key, process),
      (thrown: unknown) => {
        // Docker has answered already: the reason comes as output, and the exit code tells
        session.output.push(asOutput(`${messageOf(thrown)}\r\n`, spec.tty));
        hub.ended(key);
        log.debug('an exec did not start', { id, error: messageOf(thrown) });
      },
    );
    return session;
  }

  async resize(id: string, size: TerminalSize): Promise<void> {
    const exec = this.#get(id);
    if (exec.state === 'created') exec.size = size;
    if (exec.state === 'ended') throw new EngineError('conflict', `exec ${id} is not running`);
    exec.process?.resize(size);
  }

  /** Runs a command to its end and keeps the first bytes of what it says: for health checks. */
  async run(containerId: string, spec: ExecSpec, limit: { readonly bytes: number }, cancel: AbortSignal): Promise<{ exitCode: number; output: string }> {
    const { id } = await this.create(containerId, spec);
    await using session = await this.startAttached(id, { stdin: false, size: undefined }, cancel);
    session.input.end();
    const kept: Buffer[] = [];
    let left = limit.bytes;
    const onAbort = (): void => {
      this.#byId.get(id)?.process?.signal(9);
      session.output.destroy(cancel.reason as Error);
    };
    cancel.addEventListener('abort', onAbort, { once: true });
    try {
      for await (const piece of payloads(session.output)) {
        if (left <= 0) continue;
        kept.push(piece.subarray(0, left));
        left -= piece.length;
      }
      await this.#byId.get(id)?.process?.exited;
    } finally {
      cancel.removeEventListener('abort', onAbort);
    }
    return { exitCode: this.#byId.get(id)?.exitCode ?? -1, output: Buffer.concat(kept).toString('utf8') };
  }

  #get(id: string): Exec {
    const exec = this.#byId.get(id);
    if (!exec) throw noSuchExec(id);
    return exec;
  }

  #claim(id: string): Exec {
    const exec = this.#get(id);
    const container = this.#parts.records.find(exec.containerId);
    if (!container) throw noSuchExec(id);
    if (exec.state === 'ended') throw new EngineError('conflict', `exec command ${id} has already run`);
    if (exec.state === 'running') throw new EngineError('conflict', `exec command ${id} is already running`);
    const { generation } = runningStateOf(container, container.id);
    if (generation !== exec.generation) throw notRunning(container.id);
    exec.state = 'running';
    return exec;
  }

  async #start(exec: Exec, attached: boolean, cancel: AbortSignal): Promise<LiveProcess> {
    const { records, launch, expectStart, events } = this.#parts;
    expectStart();
    const { id, spec, size } = exec;
    const container = records.get(exec.containerId);
    publishContainer(events, container, `exec_start: ${shown(spec.args)}`, { execID: id });
    try {
      const process = await launch({ id, container, spec, size, attached }, cancel);
      exec.process = process;
      void process.exited.then((exit) => this.#ended(exec, exit?.exitCode ?? 137));
      return process;
    } catch (thrown) {
      this.#ended(exec, exitCodeOfFailure(messageOf(thrown)));
      throw thrown;
    }
  }

  /** Those that can never be started: their container is gone, or has been started again. */
  #forgetUnstarted(containerId: string, container: Container | undefined): void {
    const generation = container && isLive(container.state) ? container.state.generation : undefined;
    if (container && generation === undefined) return;
    for (const exec of this.#byId.values()) {
      if (exec.containerId === containerId && exec.state === 'created' && exec.generation !== generation) this.#byId.delete(exec.id);
    }
  }

  #ended(exec: Exec, exitCode: number): void {
    exec.state = 'ended';
    exec.exitCode = exitCode;
    const container = this.#parts.records.find(exec.containerId);
    if (container) publishContainer(this.#parts.events, container, 'exec_die', { execID: exec.id, exitCode: String(exitCode) });
    setTimeout(() => this.#byId.delete(exec.id), KEPT_AFTER_END_MS).unref();
  }
}

function runningStateOf({ id, state }: Container, ref: string): Extract<ContainerState, { status: 'running' }> {
  if (state.status === 'paused') throw isPausedForExec(ref);
  if (state.status === 'restarting') throw isRestarting(id);
  if (!isLive(state)) throw notRunning(id);
  return state as Extract<ContainerState, { status: 'running' }>;
}

/** The exit codes of shells, which Docker gives too: not found, not executable. */
export function exitCodeOfFailure(message: string): number {
  if (/executable file not found|no such file or directory|not a directory/.test(message)) return 127;
  if (/permission denied|is a directory|exec format error/.test(message)) return 126;
  return 128;
}

function asOutput(text: string, tty: boolean): Buffer {
  const payload = Buffer.from(text);
  if (tty) return payload;
  const header = Buffer.alloc(8);
  header[0] = STDOUT;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** What is in the frames of an output that is not a terminal's. */
async function* payloads(frames: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of frames) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const end = 8 + rest.readUInt32BE(4);
      yield rest.subarray(8, end);
      rest = rest.subarray(end);
    }
  }
}

/** As dockerd's events have it: with a space at the end where there are no arguments. */
function shown([program = '', ...args]: readonly string[]): string {
  return `${program} ${args.join(' ')}`;
}
