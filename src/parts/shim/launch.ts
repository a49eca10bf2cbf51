import { closeSync, mkdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import { reap, socketPair, spawnApart } from '#parts/host/spawn.ts';
import { quiet } from './connect.ts';
import { RuntimeFailure } from './runtime-failure.ts';
import { awaitStart, type Shim } from './shim.ts';
import { choiceByte, type OutputChoice } from './shim-output.ts';

/** Everything a shim needs to know; it reads no configuration of its own. */
export interface ShimLaunch {
  /** The `onggi-shim` binary. */
  readonly shimPath: string;
  readonly runtime: RuntimeChoice;
  /** The container's id; for an exec, any name of its own. */
  readonly id: string;
  /** Which start of the container this is; the exit record bears it. */
  readonly generation: number;
  /** The shim's own, made where it is missing: its sockets and short-lived files. */
  readonly directory: string;
  /** Where the exit record goes; null: none is kept. */
  readonly exitFile: string | null;
  readonly kind: { readonly type: 'run'; readonly bundle: string } | { readonly type: 'exec'; readonly containerId: string; readonly processFile: string };
  readonly terminal: boolean;
  readonly size?: { readonly rows: number; readonly columns: number } | undefined;
  readonly stdin: 'closed' | 'open';
  readonly log: ShimLog | null;
  /** `memory.oom_control` (cgroup v1) or `memory.events` (v2) of the container. */
  readonly oomFiles: readonly string[];
  /** The container's folders in the cgroup hierarchies; the shim clears them away itself then. Empty: the runtime does. */
  readonly cgroups?: readonly string[];
  /** Subscribed before the first byte; the first `subscribe()` gets it. `true` is both streams with headers. */
  readonly attached: boolean | OutputChoice;
  /** Descriptors that stay open until the process has ended, as the sockets that reserve published ports. */
  readonly holdDescriptors: readonly number[];
}

export interface RuntimeChoice {
  readonly path: string;
  /** `--root` of the runtime: its own state. */
  readonly root: string;
  /** Mounts to keep out of the runtime's sight, as an empty cgroup2 beside v1, which crun refuses. */
  readonly hidePaths: readonly string[];
  /** Before the verb, as `--systemd-cgroup`. */
  readonly extraArgs?: readonly string[];
  /** Opens its program as a sealed copy, for runtimes that would make one; asked in the moment of the start. */
  readonly sealed?: () => number | undefined;
}

export interface ShimLog {
  readonly path: string;
  /** Rotate at this size; 0: never. */
  readonly maxBytes: number;
  /** Files in all; 1: begin anew. */
  readonly maxFiles: number;
  /** Rotated files are packed by the host's gzip. */
  readonly compress?: boolean;
  /** A JSON object, as it goes into each line; null: none. */
  readonly attrsJson: string | null;
}

/**
 * Starts a process behind a new shim and resolves once it runs.
 *
 * @throws {RuntimeFailure} when it could not be started; nothing of it is left
 * @throws the reason of `cancel`, once what was begun has been killed and cleaned up
 */
export async function launchShim(launch: ShimLaunch, cancel: AbortSignal): Promise<Shim> {
  cancel.throwIfAborted();
  mkdirSync(launch.directory, { recursive: true, mode: 0o700 });
  const { control, firstOutput } = spawnShim(launch);
  const shim = await awaitStart({ directory: launch.directory, control, firstOutput });
  if (!cancel.aborted) return shim;
  shim.signal(9);
  await shim.cleaned;
  throw cancel.reason;
}

interface Connections {
  readonly control: Socket;
  readonly firstOutput: Socket | undefined;
}

/** @throws {RuntimeFailure} when the shim's program cannot be run */
function spawnShim(launch: ShimLaunch): Connections {
  const { shimPath: path, runtime, holdDescriptors } = launch;
  const pairs = launch.attached ? [socketPair(), socketPair()] : [socketPair()];
  const theirs = pairs.map(([, end]) => end);
  try {
    const sealed = runtime.sealed?.();
    const descriptors = [...theirs, ...holdDescriptors, ...(sealed === undefined ? [] : [sealed])];
    const pid = spawnApart({ path, args: shimArgs(launch, sealed !== undefined), descriptors });
    const [control, firstOutput] = pairs.map(([ours]) => quiet(new Socket({ fd: ours })));
    if (!control) throw new Error('a shim without a connection');
    control.once('close', () => void reap(pid));
    return { control, firstOutput };
  } catch (thrown) {
    pairs.forEach(([ours]) => closeSync(ours));
    throw new RuntimeFailure(`cannot run ${path}: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    theirs.forEach((end) => closeSync(end));
  }
}

function shimArgs(launch: ShimLaunch, sealed: boolean): string[] {
  const { kind, log, runtime, size } = launch;
  const args = ['--dir', launch.directory, '--id', launch.id, '--generation', String(launch.generation)];
  args.push('--runtime', runtime.path, '--root', runtime.root);
  for (const path of runtime.hidePaths) args.push('--hide', path);
  for (const arg of runtime.extraArgs ?? []) args.push('--runtime-arg', arg);
  if (kind.type === 'run') args.push('--run', kind.bundle);
  else args.push('--exec', kind.containerId, '--process', kind.processFile);
  if (launch.exitFile !== null) args.push('--exit-file', launch.exitFile);
  for (const path of launch.oomFiles) args.push('--oom-file', path);
  for (const path of launch.cgroups ?? []) args.push('--cgroup', path);
  if (launch.terminal) args.push('--terminal');
  if (size) args.push('--size', `${size.rows}x${size.columns}`);
  if (launch.stdin === 'open') args.push('--stdin');
  if (launch.attached) args.push('--attach', String(choiceByte(launch.attached === true ? {} : launch.attached)));
  args.push('--hold', String(launch.holdDescriptors.length));
  if (sealed) args.push('--sealed');
  if (log) args.push(...logArgs(log));
  return args;
}

function logArgs({ path, maxBytes, maxFiles, compress, attrsJson }: ShimLog): string[] {
  const args = ['--log', path, '--log-max-size', String(maxBytes), '--log-max-file', String(maxFiles)];
  if (compress) args.push('--log-compress');
  return attrsJson === null ? args : [...args, '--log-attrs', attrsJson];
}
